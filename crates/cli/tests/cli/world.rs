//! A workspace in a folder of its own, and a command in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

/// A small incident: orders fail for three minutes, search does not.
pub(crate) const TIMELINE: &str = "\
incident: INC-2026-1105
title: 午高峰下单失败
zone: Asia/Shanghai
date: 2026-11-05
kind: real
grade: P1
events:
  - { id: t1, at: '11:05', type: impact_started, text: 用户反馈无法下单 }
  - { id: t2, at: '11:06:30', type: detected, by: on-call }
  - { id: t3, at: '11:07', type: declared, by: on-call }
  - { id: t4, at: '11:08', type: mitigated, by: on-call, text: 连接池扩容 }
";

pub(crate) const CONFIG: &str = "[workspace]\nzone = \"Asia/Shanghai\"\n";

/// A folder with a workspace in it.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// A workspace with a configuration and nothing else.
    pub(crate) fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        world.file("fupan.toml", CONFIG.as_bytes());
        world
    }

    /// A workspace into which the small incident was ingested.
    pub(crate) fn with_incident() -> Self {
        let world = Self::new();
        world.file("data/incident.yaml", TIMELINE.as_bytes());
        world.file("data/orders.jsonl", requests().as_bytes());
        let answer = world.run(&["ingest", "data"]);
        assert!(answer.starts_with("exit code 0\n"), "{answer}");
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs `fupan`, and gives its exit code, standard output and standard error.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.run_with(arguments, b"", &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8], environment: &[(&str, &str)]) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fupan"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path().join("home"))
            .env("TZ", "America/St_Johns")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let output = child.wait_with_output().unwrap();
        let mut answer = format!("exit code {}\n", output.status.code().unwrap_or(-1));
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                answer.push_str(&format!("--- {name}\n{}", String::from_utf8_lossy(bytes)));
            }
        }
        self.redacted(&answer)
    }

    /// Without folders, durations, clocks and ids that differ from run to run.
    fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for folder in [self.path().canonicalize().unwrap(), self.path().to_path_buf()] {
            text = text.replace(&*folder.to_string_lossy(), "[workspace]");
        }
        for (pattern, with) in [
            (r"in \d+\.\d s \([^)]*/s\)", "in [time]"),
            (r"declared at \S+", "declared at [now]"),
            (r"\b[0-9a-f]{32}\b", "[id]"),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
        }
        text
    }
}

/// Ten requests a minute at two services; those of `order` fail from 11:05 to 11:08.
pub(crate) fn requests() -> String {
    requests_of(20)
}

/// The same, over so many minutes from 10:55 on.
pub(crate) fn requests_of(minutes: u32) -> String {
    let mut lines = String::new();
    for second in (0..minutes * 60).step_by(6) {
        let (minute, second) = (55 + second / 60, second % 60);
        let (hour, minute) = (10 + minute / 60, minute % 60);
        for service in ["order", "search"] {
            let fails = service == "order" && hour == 11 && (5..8).contains(&minute);
            let status = if fails { 503 } else { 200 };
            lines.push_str(&format!(
                "{{\"timestamp\":\"2026-11-05T{hour:02}:{minute:02}:{second:02}+08:00\",\"service\":\"{service}\",\
                 \"level\":\"info\",\"message\":\"request\",\"method\":\"POST\",\"route\":\"/{service}\",\
                 \"status\":{status},\"user_id\":\"u{second}\"}}\n"
            ));
        }
    }
    lines
}
