use proptest::prelude::*;

use super::*;

fn block(id: &str, body: &str) -> Piece {
    Piece::Generated(Block { id: id.to_owned(), body: format!("\n{body}\n\n") })
}

fn human(id: &str, text: &str) -> Piece {
    Piece::Human { id: id.to_owned(), text: text.to_owned() }
}

fn pieces(version: u32) -> Vec<Piece> {
    vec![
        block("header", &format!("# Title {version}")),
        block("impact", &format!("{version} users")),
        human("learned", "## What went well\n\n<!-- ? -->\n"),
        block("notices", &format!("{version} notices")),
    ]
}

fn edited(text: &str) -> Vec<&str> {
    let warnings = ["impact", "header", "notices"];
    warnings.into_iter().filter(|id| text.contains(&format!("begin {id}~new "))).collect()
}

#[test]
fn words_of_people_survive_and_numbers_come_up_to_date() {
    let first = merge(None, &pieces(1)).text;
    let written = first.replace("<!-- ? -->", "The breaker was quick.  \n\n* and so were we\t");
    let second = merge(Some(&written), &pieces(2));
    assert!(second.warnings.is_empty(), "{:?}", second.warnings);
    assert_eq!(
        second.text,
        merge(None, &pieces(2)).text.replace("<!-- ? -->", "The breaker was quick.  \n\n* and so were we\t")
    );
}

#[test]
fn an_edited_block_is_kept_and_the_new_one_put_beside_it() {
    let first = merge(None, &pieces(1)).text;
    let changed = first.replace("1 users", "1 users, we think");
    let second = merge(Some(&changed), &pieces(2));
    assert_eq!(second.warnings, [MergeWarning::Edited { id: "impact".to_owned() }]);
    assert!(second.text.contains("1 users, we think") && second.text.contains("2 users"));
    assert_eq!(edited(&second.text), ["impact"]);

    // Later renderings bring the new one up to date and keep warning.
    let third = merge(Some(&second.text), &pieces(3));
    assert_eq!(third.warnings.len(), 1);
    assert!(third.text.contains("1 users, we think") && third.text.contains("3 users"));
    assert!(!third.text.contains("2 users"));
}

#[test]
fn people_settle_an_edit_by_deleting_one_of_the_two() {
    let changed = merge(None, &pieces(1)).text.replace("1 users", "1 users, we think");
    let beside = merge(Some(&changed), &pieces(2)).text;

    let chose_new = without_block(&beside, "impact");
    let merged = merge(Some(&chose_new), &pieces(3));
    assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
    assert!(merged.text.contains("begin impact sha256") && merged.text.contains("3 users"));
    assert!(!merged.text.contains("~new"));

    let chose_edited = without_block(&beside, "impact~new");
    let merged = merge(Some(&chose_edited), &pieces(3));
    assert_eq!(merged.warnings, [MergeWarning::EditedAndAlone { id: "impact".to_owned() }]);
    assert!(merged.text.contains("1 users, we think") && !merged.text.contains("3 users"));

    let took_edit_back = beside.replace("1 users, we think", "1 users");
    let merged = merge(Some(&took_edit_back), &pieces(3));
    assert!(merged.warnings.is_empty(), "{:?}", merged.warnings);
    assert!(merged.text.contains("3 users") && !merged.text.contains("impact~new"));
}

fn without_block(text: &str, id: &str) -> String {
    let start = text.find(&format!("<!-- fupan:begin {id} ")).unwrap();
    let end_marker = format!("<!-- fupan:end {id} -->\n");
    let end = text.find(&end_marker).unwrap() + end_marker.len();
    format!("{}{}", &text[..start], &text[end..])
}

#[test]
fn a_deleted_block_stays_deleted() {
    let first = merge(None, &pieces(1)).text;
    let cut = without_block(&first, "impact");
    let second = merge(Some(&cut), &pieces(2));
    assert!(second.warnings.is_empty());
    assert!(!second.text.contains("2 users"));
    // Until its id is taken out of the list.
    let wanted = second.text.replace("fupan:rendered header impact", "fupan:rendered header");
    assert!(merge(Some(&wanted), &pieces(3)).text.contains("3 users"));
}

#[test]
fn a_moved_block_stays_where_it_is() {
    let first = merge(None, &pieces(1)).text;
    let start = first.find("<!-- fupan:begin impact").unwrap();
    let end = first.find("<!-- fupan:end impact -->\n").unwrap() + "<!-- fupan:end impact -->\n".len();
    let moved = format!("{}{}{}", &first[start..end], &first[..start], &first[end..]);
    let second = merge(Some(&moved), &pieces(2)).text;
    assert!(second.find("2 users").unwrap() < second.find("# Title 2").unwrap());
}

#[test]
fn a_block_that_is_new_follows_its_predecessor() {
    let without: Vec<Piece> = pieces(1).into_iter().filter(|piece| *piece != pieces(1)[1]).collect();
    let first = merge(None, &without).text;
    let second = merge(Some(&first), &pieces(2)).text;
    let at = |text: &str| second.find(text).unwrap();
    assert!(at("end header") < at("begin impact") && at("end impact") < at("## What went well"));
}

#[test]
fn windows_line_ends_stay() {
    let first = merge(None, &pieces(1)).text.replace('\n', "\r\n");
    assert_eq!(merge(Some(&first), &pieces(1)).text, first);
    let second = merge(Some(&first), &pieces(2));
    assert!(second.warnings.is_empty(), "line ends alone are no edit: {:?}", second.warnings);
    assert_eq!(second.text, merge(None, &pieces(2)).text.replace('\n', "\r\n"));
}

#[test]
fn a_file_of_peoples_own_keeps_every_byte() {
    let own = "# Our notes\n\nno line end at the end";
    let merged = merge(Some(own), &pieces(1));
    assert_eq!(merged.warnings, [MergeWarning::NoBlocks]);
    assert!(merged.text.starts_with(own) && merged.text.contains("1 users"));
}

#[test]
fn broken_markers_are_peoples_text() {
    let first = merge(None, &pieces(1)).text;
    let broken = first.replace("<!-- fupan:end impact -->\n", "");
    let merged = merge(Some(&broken), &pieces(2));
    assert!(merged.warnings.contains(&MergeWarning::Unpaired { id: "impact".to_owned() }));
    assert!(merged.text.contains("1 users") && merged.text.contains("2 notices"));

    let twice = first.replace("## What went well", &block_text(&first, "impact"));
    let merged = merge(Some(&twice), &pieces(2));
    assert_eq!(merged.warnings, [MergeWarning::Twice { id: "impact".to_owned() }]);
    assert!(merged.text.contains("1 users") && merged.text.contains("2 users"));
}

fn block_text(text: &str, id: &str) -> String {
    let start = text.find(&format!("<!-- fupan:begin {id} ")).unwrap();
    let end = text.find(&format!("<!-- fupan:end {id} -->")).unwrap();
    format!("{}<!-- fupan:end {id} -->\n", &text[start..end])
}

#[test]
fn without_the_list_missing_blocks_count_as_deleted() {
    let first = merge(None, &pieces(1)).text;
    let list = first.find("<!-- fupan:rendered").unwrap();
    let cut = without_block(&first[..list], "impact");
    let merged = merge(Some(&cut), &pieces(2));
    assert_eq!(merged.warnings, [MergeWarning::ListMissing { ids: vec!["impact".to_owned()] }]);
    assert!(!merged.text.contains("2 users") && merged.text.contains("fupan:rendered"));
}

#[test]
fn a_block_that_is_no_longer_written_is_left_alone() {
    let first = merge(None, &pieces(1)).text;
    let fewer: Vec<Piece> = pieces(2).into_iter().take(2).collect();
    let merged = merge(Some(&first), &fewer);
    assert_eq!(merged.warnings, [MergeWarning::Obsolete { id: "notices".to_owned() }]);
    assert!(merged.text.contains("1 notices"));
}

/// Text as people type it: lines, blank lines, markers copied by mistake, any line ends.
fn typed() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[ -~]{0,20}",
        "\\PC{0,8}",
        Just("<!-- fupan:begin impact sha256=00 -->".to_owned()),
        Just("<!-- fupan:end impact -->".to_owned()),
        Just("<!-- fupan:end nothing -->".to_owned()),
        Just("```".to_owned()),
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")];
    proptest::collection::vec((line, end), 0..6)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// Text without markers.
fn plain() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ -;=?-~\u{4e00}-\u{4eff}]{0,24}", 0..5)
        .prop_map(|lines| lines.into_iter().map(|line| line + "\n").collect())
}

proptest! {
    #[test]
    fn merging_again_changes_nothing(text in typed(), more in typed(), version in 1_u32..4) {
        let first = merge(None, &pieces(1)).text;
        let existing = first.replace("## What went well", &format!("{text}## Well\n{more}"));
        let once = merge(Some(&existing), &pieces(version));
        let again = merge(Some(&once.text), &pieces(version));
        prop_assert_eq!(again.text, once.text);
    }

    #[test]
    fn every_line_of_people_survives(before in plain(), between in plain(), after in plain(), version in 1_u32..4) {
        let first = merge(None, &pieces(1)).text;
        let at = first.find("<!-- fupan:begin impact").unwrap();
        let existing = format!("{before}{}{between}{}{after}", &first[..at], &first[at..]);
        let merged = merge(Some(&existing), &pieces(version));
        let second = merge(None, &pieces(version)).text;
        let at = second.find("<!-- fupan:begin impact").unwrap();
        prop_assert_eq!(merged.text, format!("{before}{}{between}{}{after}", &second[..at], &second[at..]));
    }

    #[test]
    fn an_edit_anywhere_in_a_block_is_noticed_and_kept(edit in "[a-z ]{1,12}", place in 0_usize..7) {
        let first = merge(None, &pieces(1)).text;
        let body = first.find("1 users").unwrap();
        let mut existing = first.clone();
        existing.insert_str(body + place, &edit);
        let merged = merge(Some(&existing), &pieces(2));
        let kept = &existing[body..body + 7 + edit.len()];
        prop_assert!(merged.text.contains(kept));
        prop_assert!(merged.text.contains("2 users"));
        prop_assert_eq!(merged.warnings.len(), 1);
    }

    #[test]
    fn any_file_at_all_is_merged_without_losing_a_line(text in typed()) {
        let merged = merge(Some(&text), &pieces(1));
        let mut rest = merged.text.as_str();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.contains("fupan:")) {
            let at = rest.find(line);
            prop_assert!(at.is_some(), "{line:?} is gone");
            rest = &rest[at.unwrap() + line.len()..];
        }
    }
}
