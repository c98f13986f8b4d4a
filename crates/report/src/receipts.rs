//! Where does `n7` come from? `receipts.json` beside the report answers without the report's model.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::ReportError,
    model::{Figure, IncidentReport, Provenance, Receipt},
};

/// Value of [`ReceiptBook::format`].
pub const RECEIPTS_FORMAT: &str = "fupan.receipts/1";

/// The file `receipts.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiptBook {
    /// [`RECEIPTS_FORMAT`].
    pub format: String,
    /// Which incident.
    pub incident_id: String,
    /// Which data and software.
    pub provenance: Provenance,
    /// Every figure that is printed with a short name.
    pub figures: Vec<PlacedFigure>,
    /// The receipts that figures name.
    pub receipts: Vec<Receipt>,
}

/// A figure and its place in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlacedFigure {
    /// Such as `durations.mitigate` or `blast_radius.order.error_share`.
    pub place: String,
    /// The figure.
    #[serde(flatten)]
    pub figure: Figure,
}

impl ReceiptBook {
    /// The receipts of a report whose figures are numbered.
    pub fn of(report: &IncidentReport) -> Self {
        let mut places = Vec::new();
        if let Ok(model) = serde_json::to_value(report) {
            collect(&model, "", &mut places);
        }
        let figures = report
            .figures()
            .into_iter()
            .map(|figure| {
                let place = places.iter().find(|(id, _)| *id == figure.id);
                PlacedFigure { place: place.map(|(_, place)| place.clone()).unwrap_or_default(), figure }
            })
            .collect();
        Self {
            format: RECEIPTS_FORMAT.to_owned(),
            incident_id: report.header.incident_id.clone(),
            provenance: report.provenance.clone(),
            figures,
            receipts: report.receipts.clone(),
        }
    }

    /// The figure of that short name, with its receipt where it has one.
    pub fn why(&self, id: &str) -> Option<(&PlacedFigure, Option<&Receipt>)> {
        let placed = self.figures.iter().find(|placed| placed.figure.id == id)?;
        Some((placed, self.receipts.iter().find(|receipt| receipt.key == placed.figure.receipt)))
    }

    /// As JSON, the same bytes for the same report.
    pub fn to_json(&self) -> Result<Vec<u8>, ReportError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Finds figures in the serialised model, with the words that lead to them.
fn collect(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match value {
        Value::Object(object) => {
            if let (Some(Value::String(id)), Some(_)) = (object.get("id"), object.get("receipt"))
                && object.contains_key("value")
            {
                found.push((id.clone(), place.trim_end_matches(".value").to_owned()));
                return;
            }
            for (name, inner) in object {
                collect(inner, &below(name), found);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                let name = name_of(inner).unwrap_or_else(|| (index + 1).to_string());
                collect(inner, &below(&name), found);
            }
        }
        _ => {}
    }
}

/// What people would call an element of a list.
fn name_of(value: &Value) -> Option<String> {
    ["name", "rank", "service", "action", "source"].into_iter().find_map(|key| match value.get(key)? {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
