//! Which requests go wrong, and how?

use std::sync::Mutex;

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out, and the connection ends without a reply.
    LoseReply,
    /// It is carried out, and the reply is this status: a proxy in between gave up.
    AnswerInstead(u16),
    /// It is not carried out, and the reply is this status.
    Refuse(u16),
    /// The reply ends after so many bytes of the body, with the connection.
    CutBody(u64),
}

/// The next requests that fit go wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Such as `PUT`.
    pub method: &'static str,
    /// A part of the path, such as `ingests/_delta_log/`.
    pub path: String,
    /// What happens.
    pub fault: Fault,
    /// How many that fit go well before.
    pub after: usize,
    /// How often.
    pub times: usize,
}

impl Trouble {
    /// Once, at the first request that fits.
    pub fn once(method: &'static str, path: impl Into<String>, fault: Fault) -> Self {
        Self { method, path: path.into(), fault, after: 0, times: 1 }
    }

    /// Every request that fits.
    pub fn always(method: &'static str, path: impl Into<String>, fault: Fault) -> Self {
        Self { times: usize::MAX, ..Self::once(method, path, fault) }
    }

    /// The same, but not at the first ones that fit.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }
}

/// What is still to go wrong, and what was asked.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Trouble>>,
    requests: Mutex<Vec<String>>,
}

impl Faults {
    pub(crate) fn add(&self, trouble: Trouble) {
        self.waiting.lock().expect("no test panics while it holds this").push(trouble);
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics while it holds this").clone()
    }

    /// Notes a request, and answers what goes wrong with it.
    pub(crate) fn of(&self, method: &str, path: &str) -> Option<Fault> {
        let mut requests = self.requests.lock().expect("no test panics while it holds this");
        requests.push(format!("{method} {path}"));
        let mut waiting = self.waiting.lock().expect("no test panics while it holds this");
        let found = waiting
            .iter_mut()
            .find(|trouble| trouble.times > 0 && trouble.method == method && path.contains(&trouble.path))?;
        if found.after > 0 {
            found.after -= 1;
            return None;
        }
        found.times -= 1;
        Some(found.fault)
    }
}
