//! Which incident does the reader mean? Its id, the beginning of it, or a part of its title.

use fupan_model::Micros;
use fupan_query::{Session, SqlLimits};

use crate::failure::Failure;
use crate::rows::rows;

/// An incident, as far as it takes to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) incident_id: String,
    pub(crate) title: String,
    /// When it began, as far as anybody said.
    pub(crate) began_at: Option<Micros>,
}

/// Alerts that nobody declared come last: `report` without an id means what people call an incident.
const LATEST_FIRST: &str = "select incident_id, title, \
    coalesce(impact_started_at, detected_at, declared_at, first_notice_at, resolved_at) as began_at from incidents \
    order by is_alert_only, began_at desc nulls last, incident_id";

/// The incident of that name; without a name, the latest.
pub(crate) async fn incident(session: &Session, name: Option<&str>) -> Result<Found, Failure> {
    let all = all(session).await?;
    let Some(name) = name else {
        return all.into_iter().next().ok_or_else(|| {
            Failure::usage("the store holds no incident")
                .hint("ingest a timeline or alerts, or open one: fupan new --title … --from …")
        });
    };
    pick(&all, name).cloned()
}

pub(crate) async fn all(session: &Session) -> Result<Vec<Found>, Failure> {
    let limits = SqlLimits { rows_max: 1_000_000, ..SqlLimits::default() };
    let answer = session.sql(LATEST_FIRST, &limits).await?;
    let found = rows(&answer).filter_map(|row| {
        Some(Found {
            incident_id: row.owned("incident_id")?,
            title: row.owned("title").unwrap_or_default(),
            began_at: row.instant("began_at"),
        })
    });
    Ok(found.collect())
}

fn pick<'a>(all: &'a [Found], name: &str) -> Result<&'a Found, Failure> {
    let wanted = name.to_lowercase();
    let matching = |test: &dyn Fn(&Found) -> bool| all.iter().filter(|found| test(found)).collect::<Vec<_>>();
    let stages = [
        matching(&|found| found.incident_id == name),
        matching(&|found| found.incident_id.to_lowercase().starts_with(&wanted)),
        matching(&|found| found.title.to_lowercase().contains(&wanted)),
    ];
    let candidates = stages.into_iter().find(|stage| !stage.is_empty()).unwrap_or_default();
    match candidates.as_slice() {
        [one] => Ok(one),
        [] => Err(unknown(all, name)),
        several => {
            let ids: Vec<&str> = several.iter().take(5).map(|found| found.incident_id.as_str()).collect();
            let more = if several.len() > ids.len() { ", …" } else { "" };
            Err(Failure::usage(format!(
                "`{name}` could be {} incidents: {}{more}",
                several.len(),
                ids.join(", ")
            ))
            .hint("write more of the id; `fupan incidents` lists them"))
        }
    }
}

fn unknown(all: &[Found], name: &str) -> Failure {
    let near = all
        .iter()
        .map(|found| {
            (strsim::damerau_levenshtein(&found.incident_id.to_lowercase(), &name.to_lowercase()), found)
        })
        .filter(|(distance, found)| *distance <= 1 + found.incident_id.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance);
    let hint = match near {
        Some((_, found)) => format!("did you mean `{}`? `fupan incidents` lists them", found.incident_id),
        None if all.is_empty() => {
            "the store holds none; ingest a timeline, or open one with `fupan new`".to_owned()
        }
        None => "`fupan incidents` lists them".to_owned(),
    };
    Failure::usage(format!("there is no incident `{name}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Found> {
        [("INC-2026-1105", "午高峰下单与支付失败"), ("INC-2026-1106", "search slow"), ("PD-7", "pay down")]
            .map(|(id, title)| Found { incident_id: id.to_owned(), title: title.to_owned(), began_at: None })
            .to_vec()
    }

    #[test]
    fn an_incident_is_found_by_id_beginning_or_title() {
        let all = all();
        let id = |name: &str| pick(&all, name).map(|found| found.incident_id.clone());
        assert_eq!(id("INC-2026-1105").unwrap(), "INC-2026-1105");
        assert_eq!(id("pd").unwrap(), "PD-7");
        assert_eq!(id("支付").unwrap(), "INC-2026-1105");
    }

    #[test]
    fn a_vague_or_wrong_name_is_answered_with_what_there_is() {
        let all = all();
        let vague = pick(&all, "inc").unwrap_err();
        assert_eq!(vague.message, "`inc` could be 2 incidents: INC-2026-1105, INC-2026-1106");
        let wrong = pick(&all, "INC-2026-1150").unwrap_err();
        assert_eq!(wrong.hint.unwrap(), "did you mean `INC-2026-1105`? `fupan incidents` lists them");
    }
}
