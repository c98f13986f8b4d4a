//! How do the views of `queries/views/` come to stand over a snapshot's tables?
//!
//! Their texts are parsed, `$as_of` and `$as_of_given` are bound, and the slots of `requests` and
//! `service_indicators` are filled from the configuration. A condition of the configuration is parsed, checked against the
//! columns of `logs` and printed anew from its syntax tree: it cannot end the expression it is in.

mod bind;
mod config_sql;
mod indicators;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Query, Visit, Visitor};

pub(crate) use bind::{Bindings, bind, bindings};
pub(crate) use config_sql::request_slots;
pub(crate) use indicators::indicator_slots;

/// The text of a view with its `{{slots}}` filled.
pub(crate) fn filled(text: &str, slots: &BTreeMap<&'static str, String>) -> String {
    slots.iter().fold(text.to_owned(), |text, (slot, value)| text.replace(&format!("{{{{{slot}}}}}"), value))
}

/// The tables that a query names, without its own sub-queries; `store.logs` for another schema.
pub(crate) fn relations(query: &Query) -> BTreeSet<String> {
    let mut relations = Relations::default();
    let _ = query.visit(&mut relations);
    relations.named.difference(&relations.ctes).cloned().collect()
}

#[derive(Default)]
struct Relations {
    named: BTreeSet<String>,
    ctes: BTreeSet<String>,
}

fn spelled(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.ctes.insert(spelled(&cte.alias.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let parts: Vec<String> = relation.0.iter().filter_map(|part| part.as_ident().map(spelled)).collect();
        self.named.insert(parts.join("."));
        ControlFlow::Continue(())
    }
}
