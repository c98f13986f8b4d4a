//! Changes to the running system: deployments, commits, flags, configuration, campaigns.
//!
//! A list, a document with lists, lines or a table. An explicit type wins; otherwise the keys tell.

use chrono_tz::Tz;
use fupan_model::events::event_id;
use fupan_model::{Change, RecordedAtBasis};

use super::json_records::{framing_of, walk_json};
use super::pairs::Pairs;
use super::table::Table;
use crate::{Chunk, DecodeError, DecodeOptions, Decoder, Framing, Header, InputFormat, RecordSink, limits};

/// Keys of lists in a document, and the type of change that they hold.
pub(crate) const LISTS: [&str; 8] =
    ["changes", "deployments", "deploys", "commits", "flags", "campaigns", "releases", "events"];
/// Names of the type.
pub(crate) const TYPE_NAMES: [&str; 6] = ["changetype", "type", "kind", "类型", "变更类型", "发布类型"];
/// Names that only changes have, whatever their type.
pub(crate) const OWN_NAMES: [&str; 6] =
    ["changetype", "变更类型", "变更内容", "变更单号", "变更编号", "变更时间"];
/// Names of the instant at which a change began to act.
pub(crate) const START_NAMES: [&str; 29] = [
    "actualstart",
    "actualstarttime",
    "实际开始时间",
    "occurredat",
    "timestamp",
    "deployedat",
    "startedat",
    "starttime",
    "start",
    "committedat",
    "time",
    "at",
    "date",
    "createdat",
    "时间",
    "开始时间",
    "变更时间",
    "发布时间",
    "上线时间",
    "操作时间",
    "执行时间",
    "生效时间",
    "deploytime",
    "releasetime",
    "publishtime",
    "changetime",
    // What was meant, where nothing says what was done.
    "plannedstart",
    "plannedstarttime",
    "计划开始时间",
];
const END_NAMES: [&str; 14] = [
    "actualend",
    "actualendtime",
    "实际结束时间",
    "endedat",
    "finishedat",
    "endtime",
    "end",
    "until",
    "completedat",
    "结束时间",
    "完成时间",
    "plannedend",
    "plannedendtime",
    "计划结束时间",
];

/// Changes in JSON.
pub(crate) struct ChangesJson {
    framing: Framing,
    zone: Tz,
    source: String,
}

impl ChangesJson {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Self {
        Self { framing: framing_of(head, &LISTS), zone: options.zone, source: source_of(options) }
    }
}

impl Decoder for ChangesJson {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        walk_json(self.framing, &LISTS, chunk, limits::LINE_BYTES_MAX, sink, &mut |place, text, sink| {
            let (change, assumed_zone) = change_of(Pairs::from_json(text)?, &self.source, self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            sink.change(place, change);
            Ok(())
        });
    }
}

/// Changes in a table.
pub(crate) struct ChangesCsv {
    table: Table,
    zone: Tz,
    source: String,
}

impl ChangesCsv {
    pub(crate) fn open(head: &[u8], options: &DecodeOptions) -> Result<Self, DecodeError> {
        let table = Table::read(head, InputFormat::ChangesCsv.as_str())?;
        Ok(Self { table, zone: options.zone, source: source_of(options) })
    }
}

impl Decoder for ChangesCsv {
    fn framing(&self) -> Framing {
        self.table.framing()
    }

    fn count_records(&self, bytes: &[u8], byte_offset: u64) -> u64 {
        self.table.count_rows(bytes, byte_offset)
    }

    fn header(&self) -> Option<Header<'_>> {
        Some(self.table.header())
    }

    fn decode(&self, chunk: Chunk<'_>, sink: &mut dyn RecordSink) {
        self.table.walk(chunk, sink, &mut |place, row, sink| {
            let pairs = Pairs::from_row(&self.table, row);
            let (change, assumed_zone) = change_of(pairs, &self.source, self.zone)?;
            if assumed_zone {
                sink.assumed_zone();
            }
            sink.change(place, change);
            Ok(())
        });
    }
}

fn source_of(options: &DecodeOptions) -> String {
    format!("changes:{}", options.source)
}

/// The type that the keys alone tell; none if they tell nothing.
pub(crate) fn type_by_keys(has: impl Fn(&[&str]) -> bool) -> Option<&'static str> {
    if has(&["flag", "flagname", "featureflag", "feature", "开关", "开关名"]) {
        Some("flag")
    } else if has(&["sha", "commit", "commithash"])
        && has(&["author", "message", "fileschanged", "committer"])
    {
        Some("commit")
    } else if has(&["migration", "migrationid"]) {
        Some("migration")
    } else if has(&[
        "commitsha",
        "version",
        "image",
        "release",
        "deployid",
        "deploymentid",
        "build",
        "deploytime",
        "releasetime",
        "发布时间",
        "上线时间",
        "发布单号",
    ]) {
        Some("deployment")
    } else if has(&["campaign", "activity", "活动"]) {
        Some("campaign")
    } else if has(&[
        "configkey",
        "config",
        "configitem",
        "oldvalue",
        "newvalue",
        "配置项",
        "配置键",
        "旧值",
        "新值",
    ]) {
        Some("config")
    } else {
        None
    }
}

/// fupan's word for a type of change, where it is known.
pub(crate) fn known_type(word: &str) -> Option<&'static str> {
    Some(match word.trim().to_lowercase().as_str() {
        "deploy" | "deployment" | "deployed" | "release" | "rollout" | "rollback" | "发布" | "部署"
        | "版本发布" | "代码发布" | "应用发布" | "回滚" => "deployment",
        "commit" | "push" | "merge" => "commit",
        "config" | "configuration" | "config_change" | "setting" | "配置" | "配置变更" | "配置发布" => {
            "config"
        }
        "flag" | "feature_flag" | "featureflag" | "feature-flag" | "toggle" | "开关" => "flag",
        "migration" | "schema" | "ddl" | "迁移" | "数据库变更" => "migration",
        "campaign" | "promotion" | "marketing" | "活动" | "大促" => "campaign",
        "traffic" | "traffic_shift" | "切流" => "traffic",
        _ => return None,
    })
}

/// The change, and whether a time had no zone.
pub(crate) fn change_of(mut pairs: Pairs<'_>, source: &str, zone: Tz) -> Result<(Change, bool), String> {
    let by_keys = type_by_keys(|names| pairs.has(names));
    let stated = pairs.take_owned(&TYPE_NAMES);
    let change_type = match (&stated, by_keys) {
        // Unknown types are kept as they are.
        (Some(word), _) => known_type(word).map_or_else(|| word.trim().to_lowercase(), str::to_owned),
        (None, Some(by_keys)) => by_keys.to_owned(),
        (None, None) if pairs.has(&OWN_NAMES) => "change".to_owned(),
        (None, None) => {
            return Err(
                "cannot tell what kind of change it is: give it a `type`, such as deployment or flag"
                    .to_owned(),
            );
        }
    };
    let occurred =
        pairs.take_time(&START_NAMES, zone)?.ok_or("the change has no time, such as timestamp or start")?;
    let ended = pairs.take_time(&END_NAMES, zone)?;
    let recorded = pairs.take_time(&["recordedat", "loggedat"], zone)?;
    let actor = pairs.take_owned(&[
        "actor",
        "author",
        "by",
        "deployer",
        "operator",
        "user",
        "committer",
        "owner",
        "操作人",
        "变更人",
        "发布人",
        "提交人",
        "执行人",
        "人员",
    ]);
    let summary = pairs.take_owned(&[
        "summary",
        "message",
        "title",
        "name",
        "text",
        "description",
        "campaign",
        "名称",
        "说明",
        "变更内容",
        "变更说明",
        "变更标题",
        "发布内容",
        "发布说明",
        "内容",
        "描述",
    ]);
    let service_name = pairs.take_owned(&[
        "service",
        "servicename",
        "app",
        "application",
        "appname",
        "服务",
        "服务名",
        "服务名称",
        "应用",
        "应用名",
        "应用名称",
        "系统",
        "变更系统",
    ]);
    let own_key = own_key(&pairs, &change_type);
    let assumed_zone = pairs.assumed_zone;
    let mut attributes = pairs.rest_owned();
    // A word of the source that we translated is kept.
    if let Some(stated) = stated.filter(|word| *word != change_type) {
        attributes.push(("source_type".to_owned(), stated));
    }
    let fingerprint = {
        let mut parts =
            vec![occurred.at.0.to_string(), ended.map(|at| at.at.0.to_string()).unwrap_or_default()];
        parts.extend([&actor, &summary, &service_name].map(|part| part.clone().unwrap_or_default()));
        // The order of keys is the writer's.
        let mut sorted: Vec<&(String, String)> = attributes.iter().collect();
        sorted.sort_unstable();
        parts.extend(sorted.into_iter().flat_map(|(key, value)| [key.clone(), value.clone()]));
        event_id(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // Two deployments of one service without words are told apart by what was deployed.
    let summary = summary.or_else(|| what_was_changed(&change_type, service_name.as_deref(), &attributes));
    let key = own_key.clone().unwrap_or_default();
    attributes.extend(own_key.map(|key| ("entry_id".to_owned(), key)));
    let change = Change {
        change_id: event_id(&["change", &change_type, &key, &fingerprint]),
        change_type,
        occurred_at: occurred.at,
        ended_at: ended.map(|at| at.at),
        precision: occurred.precision,
        recorded_at: Some(recorded.map_or(occurred.at, |at| at.at)),
        recorded_at_basis: if recorded.is_some() {
            RecordedAtBasis::Source
        } else {
            RecordedAtBasis::Assumed
        },
        actor,
        summary,
        service_name,
        attributes,
        supersedes: None,
        source: source.to_owned(),
    };
    Ok((change, assumed_zone))
}

/// The key that the source itself gives the change.
fn own_key(pairs: &Pairs<'_>, change_type: &str) -> Option<String> {
    let mut keys = vec![
        "change_id",
        "changeId",
        "id",
        "deployment_id",
        "deploymentId",
        "deploy_id",
        "uuid",
        "变更编号",
        "变更单号",
        "发布单号",
        "发布编号",
        "上线单号",
        "编号",
    ];
    if change_type == "commit" {
        keys.extend(["sha", "commit", "commit_hash"]);
    }
    keys.iter()
        .find_map(|key| pairs.exact(key))
        .map(|value| value.as_text().to_owned())
        .filter(|key| !key.is_empty())
}

/// `checkout v1.2 (7b8e1c4)`: the service with its version, flag or commit; none where nothing says.
fn what_was_changed(
    change_type: &str,
    service_name: Option<&str>,
    attributes: &[(String, String)],
) -> Option<String> {
    const SHA_SHOWN: usize = 7;
    let attribute = |wanted: &[&str]| {
        attributes.iter().find(|(key, _)| wanted.contains(&key.as_str())).map(|(_, value)| value.as_str())
    };
    let what = attribute(&["version", "tag", "release", "flag", "image"]);
    let commit = attribute(&["commit_sha", "sha", "commit", "revision"])
        .map(|sha| format!("({})", sha.chars().take(SHA_SHOWN).collect::<String>()));
    let parts: Vec<&str> = [service_name, what, commit.as_deref()].into_iter().flatten().collect();
    (what.is_some() || commit.is_some()).then(|| format!("{change_type} {}", parts.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Collected;

    fn options() -> DecodeOptions {
        DecodeOptions::new(chrono_tz::Asia::Shanghai, "changes")
    }

    fn decode(text: &str) -> Collected {
        Collected::from(&ChangesJson::open(text.as_bytes(), &options()), text.as_bytes())
    }

    fn attribute<'a>(change: &'a Change, key: &str) -> Option<&'a str> {
        change.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    #[test]
    fn keys_tell_the_type() {
        let found = decode(
            r#"[
            {"timestamp":"2026-11-05T02:42:00Z","service":"order","commit_sha":"41f4","version":"v7"},
            {"timestamp":"2026-11-05T02:37:00Z","flag":"streaming","service":"order","change":"off->on","actor":"wei"},
            {"sha":"0fa0","author":"tunde","timestamp":"2026-11-05T02:03:55Z","message":"Tidy","files_changed":["a.go"]},
            {"type":"campaign","name":"午市秒杀","start":"2026-11-05 11:00","end":"2026-11-05 13:00"},
            {"kind":"Rollout","timestamp":"2026-11-05T02:42:00Z","service":"web"},
            {"timestamp":"2026-11-05T02:42:00Z","service":"web"}
        ]"#,
        );
        let types: Vec<&str> = found.changes.iter().map(|change| change.change_type.as_str()).collect();
        assert_eq!(types, ["deployment", "flag", "commit", "campaign", "deployment"]);
        let [deployment, flag, commit, campaign, rollout] = &found.changes[..] else { panic!() };
        assert_eq!(
            (attribute(deployment, "version"), attribute(deployment, "commit_sha")),
            (Some("v7"), Some("41f4"))
        );
        assert_eq!(
            (attribute(flag, "flag"), attribute(flag, "change"), flag.actor.as_deref()),
            (Some("streaming"), Some("off->on"), Some("wei"))
        );
        assert_eq!(
            (commit.summary.as_deref(), attribute(commit, "files_changed")),
            (Some("Tidy"), Some("[\"a.go\"]"))
        );
        assert_eq!(attribute(commit, "entry_id"), Some("0fa0"));
        assert_eq!(campaign.summary.as_deref(), Some("午市秒杀"));
        assert_eq!(campaign.occurred_at.to_rfc3339(), "2026-11-05T03:00:00Z");
        assert_eq!(
            campaign.ended_at.map(fupan_model::Micros::to_rfc3339).as_deref(),
            Some("2026-11-05T05:00:00Z")
        );
        assert_eq!(attribute(rollout, "source_type"), Some("Rollout"));
        assert_eq!(found.assumed_zone, 1);
        assert!(found.rejects[0].1.contains("give it a `type`"));
    }

    #[test]
    fn a_table_and_a_document_give_the_same_ids() {
        let table = "timestamp,service,version\n2026-11-05T02:42:00Z,order,v7\n";
        let from_table =
            Collected::from(&ChangesCsv::open(table.as_bytes(), &options()).unwrap(), table.as_bytes());
        let from_json =
            decode(r#"{"changes":[{"timestamp":"2026-11-05T02:42:00Z","service":"order","version":"v7"}]}"#);
        assert_eq!(from_table.changes[0].change_id, from_json.changes[0].change_id);
        assert_eq!(from_table.changes[0].recorded_at_basis, RecordedAtBasis::Assumed);
    }

    #[test]
    fn what_changes_alone_have_is_a_change_of_no_known_type() {
        let table = "时间,服务,变更内容\n2026-11-05 11:05:03,pay,超时 3 秒改为 1 秒\n";
        let detection = crate::detect(table.as_bytes(), true, &options()).unwrap();
        assert_eq!(detection.format, InputFormat::ChangesCsv);
        let found =
            Collected::from(&ChangesCsv::open(table.as_bytes(), &options()).unwrap(), table.as_bytes());
        let [change] = &found.changes[..] else { panic!("{:?}", found.rejects) };
        assert_eq!((change.change_type.as_str(), change.service_name.as_deref()), ("change", Some("pay")));
        assert_eq!(change.summary.as_deref(), Some("超时 3 秒改为 1 秒"));
        let table = "发布时间,应用,版本,发布人,发布状态,发布单号\n2026-11-05 11:05:03,pay,v7,w,成功,FB1\n";
        let found =
            Collected::from(&ChangesCsv::open(table.as_bytes(), &options()).unwrap(), table.as_bytes());
        let [change] = &found.changes[..] else { panic!("{:?}", found.rejects) };
        assert_eq!((change.service_name.as_deref(), change.actor.as_deref()), (Some("pay"), Some("w")));
        assert_eq!(attribute(change, "entry_id"), Some("FB1"));
    }
}
