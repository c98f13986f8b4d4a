//! Which shapes are one template with different names in it?
//!
//! Masking ([`crate::shape`]) finds values that look like values. Names do not: `user alice logged
//! in` and `user bob logged in` are two shapes. Here a word is called variable where the same
//! surroundings occur with many different words in its place ([`TEMPLATE_VALUES_MIN`]); with few,
//! it is part of the message: `connection to mysql lost` and `connection to redis lost` stay two
//! templates, because in a postmortem that is the difference that matters. Miners that merge by
//! the share of equal words (Drain and its kin) merge those, and depend on the order of arrival.
//!
//! The result depends on the set of shapes alone. It may change when shapes are added, which is
//! why it is a projection that is rebuilt, and why shapes, not templates, are stored with records.
//!
//! Limits: two names that vary together and never recur with the same neighbour are not merged;
//! Chinese text without spaces is one word between punctuation marks and placeholders.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use twox_hash::XxHash64;

use crate::limits::{TEMPLATE_SHAPES_MAX, TEMPLATE_TOKENS_MAX, TEMPLATE_VALUES_MIN};
use crate::shape::shape_id_of_masked;

/// What stands in a template where names vary.
const VARIABLE: &str = "<*>";

/// Words that must stay fixed: fewer, and it would be a template of everything.
const FIXED_WORDS_MIN: usize = 2;

/// Rounds in which one more word of a template may turn out to be variable.
const ROUNDS_MAX: usize = 8;

/// A distinct shape and how often it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape<'a> {
    /// As [`crate::shape_id`].
    pub shape_id: i64,
    /// As [`crate::mask_body`].
    pub masked: &'a str,
    /// Records of this shape.
    pub count: u64,
}

/// Shapes that say the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Hash of `text`: the same text has the same id in every store.
    pub template_id: i64,
    /// The text, with placeholders.
    pub text: String,
    /// Records of all its shapes.
    pub count: u64,
    /// Its shapes, ascending, each once.
    pub shape_ids: Vec<i64>,
}

/// Groups shapes into templates: the most frequent first, then in order of text. Each shape is in
/// exactly one template; the order of `shapes` does not matter.
///
/// Only the [`TEMPLATE_SHAPES_MAX`] most frequent shapes are compared, the others stand alone.
///
/// ```
/// use fupan_analysis::{mask_body, mine_templates, shape_id, templates::Shape};
/// let bodies: Vec<String> = ["ann", "bob", "cat", "dan", "eve", "fay"]
///     .iter().map(|name| mask_body(&format!("user {name} logged in after 12 ms"))).collect();
/// let shapes: Vec<Shape> =
///     bodies.iter().map(|masked| Shape { shape_id: shape_id(masked), masked, count: 1 }).collect();
/// let templates = mine_templates(&shapes);
/// assert_eq!(templates[0].text, "user <*> logged in after <*> ms");
/// assert_eq!(templates[0].shape_ids.len(), 6);
/// ```
pub fn mine_templates(shapes: &[Shape<'_>]) -> Vec<Template> {
    let mut sorted: Vec<&Shape<'_>> = shapes.iter().collect();
    sorted.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.masked.cmp(right.masked)));
    let mut patterns: BTreeMap<Vec<&str>, Members> = BTreeMap::new();
    for (position, shape) in sorted.iter().enumerate() {
        let tokens = if position < TEMPLATE_SHAPES_MAX { tokens(shape.masked) } else { vec![shape.masked] };
        patterns.entry(tokens).or_default().add(shape);
    }
    for _ in 0..ROUNDS_MAX {
        let Some(merged) = merge_round(&patterns) else { break };
        patterns = merged;
    }
    let mut templates: Vec<Template> = patterns
        .into_iter()
        .map(|(tokens, members)| {
            let text = tokens.concat();
            Template {
                template_id: shape_id_of_masked(&text),
                text,
                count: members.count,
                shape_ids: members.shape_ids.into_iter().collect(),
            }
        })
        .collect();
    templates.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.text.cmp(&right.text)));
    templates
}

#[derive(Debug, Clone, Default)]
struct Members {
    shape_ids: BTreeSet<i64>,
    count: u64,
}

impl Members {
    fn add(&mut self, shape: &Shape<'_>) {
        self.shape_ids.insert(shape.shape_id);
        self.count = self.count.saturating_add(shape.count);
    }
}

/// Replaces in each pattern the word that varies most, if one varies enough. `None` where nothing
/// changed.
fn merge_round<'a>(patterns: &BTreeMap<Vec<&'a str>, Members>) -> Option<BTreeMap<Vec<&'a str>, Members>> {
    // How many different words stand at this place among these neighbours? Each pattern counts
    // once, as patterns with equal neighbours differ in that word alone.
    let mut words_at: BTreeMap<(usize, u64), usize> = BTreeMap::new();
    for tokens in patterns.keys() {
        for position in variable_positions(tokens) {
            *words_at.entry((position, neighbours(tokens, position))).or_default() += 1;
        }
    }
    let mut merged: BTreeMap<Vec<&str>, Members> = BTreeMap::new();
    let mut changed = false;
    for (tokens, members) in patterns {
        let words =
            |position: usize| words_at.get(&(position, neighbours(tokens, position))).copied().unwrap_or(0);
        let most =
            variable_positions(tokens).max_by_key(|&position| (words(position), std::cmp::Reverse(position)));
        let mut tokens = tokens.clone();
        if let Some(position) = most.filter(|&position| words(position) >= TEMPLATE_VALUES_MIN) {
            tokens[position] = VARIABLE;
            changed = true;
        }
        let entry = merged.entry(tokens).or_default();
        entry.shape_ids.extend(&members.shape_ids);
        entry.count = entry.count.saturating_add(members.count);
    }
    changed.then_some(merged)
}

/// Places whose word may vary: all words, as long as enough others stay fixed.
fn variable_positions<'t>(tokens: &'t [&str]) -> impl Iterator<Item = usize> + 't {
    let words = tokens.iter().filter(|token| is_word(token)).count();
    let is_open = words > FIXED_WORDS_MIN;
    (0..tokens.len()).filter(move |&position| is_open && is_word(tokens[position]))
}

/// Hash of all tokens but the one at `position`.
fn neighbours(tokens: &[&str], position: usize) -> u64 {
    let mut hasher = XxHash64::with_seed(0);
    for (other, token) in tokens.iter().enumerate() {
        hasher.write(if other == position { b"\xFF" } else { token.as_bytes() });
        hasher.write(b"\xFE");
    }
    hasher.finish()
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_alphanumeric)
}

/// A masked text as words, placeholders and what stands between them; together they are the text.
fn tokens(masked: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = masked;
    while let Some(first) = rest.chars().next() {
        let length = if tokens.len() + 1 == TEMPLATE_TOKENS_MAX {
            rest.len()
        } else if first == '<' {
            placeholder_bytes(rest)
        } else {
            let class = class(first);
            rest.char_indices()
                .find(|(_, other)| self::class(*other) != class)
                .map_or(rest.len(), |(at, _)| at)
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

fn placeholder_bytes(text: &str) -> usize {
    let near = text.as_bytes().iter().take(8).position(|&byte| byte == b'>');
    near.map_or(1, |end| end + 1)
}

#[derive(PartialEq, Eq)]
enum Class {
    Ascii,
    Letters,
    Space,
    Mark,
    Placeholder,
}

fn class(character: char) -> Class {
    match character {
        '<' => Class::Placeholder,
        // Names of hosts, files and classes are one word.
        _ if character.is_ascii_alphanumeric() || matches!(character, '_' | '-') => Class::Ascii,
        _ if character.is_alphanumeric() => Class::Letters,
        _ if character.is_whitespace() => Class::Space,
        _ => Class::Mark,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{mask_body, shape_id};

    fn mine(bodies: &[String]) -> Vec<Template> {
        let masked: Vec<String> = bodies.iter().map(|body| mask_body(body)).collect();
        let shapes: Vec<Shape<'_>> =
            masked.iter().map(|masked| Shape { shape_id: shape_id(masked), masked, count: 1 }).collect();
        mine_templates(&shapes)
    }

    fn texts(bodies: &[String]) -> Vec<String> {
        mine(bodies).into_iter().map(|template| template.text).collect()
    }

    const NAMES: [&str; 7] = ["ann", "bob", "cat", "dan", "eve", "fay", "guy"];

    #[test]
    fn names_are_variable_where_many_occur() {
        let bodies: Vec<String> =
            NAMES.iter().map(|name| format!("user {name} paid 12.50 with card")).collect();
        assert_eq!(texts(&bodies), ["user <*> paid <*> with card"]);
        let chinese: Vec<String> = ["红烧肉", "饺子", "凉皮", "米线", "烤鱼", "汤面"]
            .iter()
            .map(|dish| format!("菜品 {dish} 已售罄 (库存 0)"))
            .collect();
        assert_eq!(texts(&chinese), ["菜品 <*> 已售罄 (库存 <*>)"]);
    }

    #[test]
    fn few_different_words_are_part_of_the_message() {
        let bodies = ["mysql", "redis", "kafka"].map(|name| format!("connection to {name} lost after 3 s"));
        assert_eq!(mine(&bodies).len(), 3);
        let states =
            ["up", "down", "idle", "busy", "warm", "cold", "done"].map(|state| format!("cache {state}"));
        assert_eq!(mine(&states).len(), 7, "a single fixed word holds no template together");
    }

    #[test]
    fn two_names_in_one_message_are_found_one_after_the_other() {
        let mut bodies = Vec::new();
        for user in NAMES {
            for city in ["rome", "oslo", "bern", "lima", "doha", "kiev"] {
                bodies.push(format!("user {user} moved to {city} today"));
            }
        }
        assert_eq!(texts(&bodies), ["user <*> moved to <*> today"]);
    }

    #[test]
    fn counts_add_up_and_the_most_frequent_come_first() {
        let masked = ["pool exhausted", "订单提交成功"];
        let shapes = [
            Shape { shape_id: 1, masked: masked[0], count: 3 },
            Shape { shape_id: 2, masked: masked[1], count: 50 },
            Shape { shape_id: 1, masked: masked[0], count: 4 },
        ];
        let templates = mine_templates(&shapes);
        assert_eq!(templates[0].text, masked[1]);
        assert_eq!((templates[1].count, templates[1].shape_ids.as_slice()), (7, &[1][..]));
        assert!(mine_templates(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn each_shape_has_one_template_whatever_the_order(
            words in prop::collection::vec(("[ab]", "[a-h]", "[a-i]", "[xy]"), 1..60), seed in any::<u64>(),
        ) {
            let mut bodies: Vec<String> = words.iter().map(|(a, b, c, d)| format!("{a} {b}{b} {c}{c}: {d}")).collect();
            let forwards = mine(&bodies);
            let mut seen: Vec<i64> = forwards.iter().flat_map(|template| template.shape_ids.clone()).collect();
            let (total, distinct) = (seen.len(), { seen.sort_unstable(); seen.dedup(); seen.len() });
            prop_assert_eq!(total, distinct);
            prop_assert_eq!(forwards.iter().map(|template| template.count).sum::<u64>(), bodies.len() as u64);
            let turn = (seed % bodies.len() as u64) as usize;
            bodies.rotate_left(turn);
            bodies.reverse();
            prop_assert_eq!(forwards, mine(&bodies));
        }

        #[test]
        fn tokens_are_the_text(text in any::<String>()) {
            prop_assert_eq!(tokens(&text).concat(), text);
        }
    }
}
