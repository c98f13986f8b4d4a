//! What could be wrong with an input that is mostly right?

use crate::random::Random;
use crate::seeds::Seeds;

/// Longest input, so that an execution stays short.
const INPUT_BYTES_MAX: usize = 48 << 10;

/// Words that decoders look at closely.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"{}",
    b"[]",
    b"\"\"",
    b"0",
    b"-0",
    b"-1",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"NaN",
    b"\"NaN\"",
    b"+Inf",
    b"-Inf",
    b"\"+Inf\"",
    b"Infinity",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"253402300799",
    b"1793849103",
    b"1793849103250",
    b"1793849103250000",
    b"1793849103250000001",
    b"99999999999999999999999",
    b"0.1",
    b"1,5",
    b"1.5e3",
    b"0x10",
    b"1_000",
    b"\"\\ud800\"",
    b"\"\\udc00\\ud800\"",
    b"\\u0000",
    b"\"\\u0000\"",
    b"\0",
    b"\xFF",
    b"\xC0\x80",
    b"\xED\xA0\x80",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xFE\xFF",
    b"\r",
    b"\r\n",
    b"\n",
    b"\n\n",
    b"\x0B",
    b"\x0C",
    b"\x1B[31m",
    b"\x1B",
    b"\xE2\x80\xA8",
    b"\xC2\x85",
    b"\t",
    b",",
    b";",
    b"|",
    b"\"",
    b"\"\"",
    b"'",
    b"\\",
    b"\\\"",
    b"=",
    b":",
    b"#",
    b"# EOF",
    b"-",
    b"--- ",
    b"&a *a",
    b"<<: *a",
    b"!!binary x",
    b"%",
    b"..",
    b"~",
    b"2026-11-05T03:05:03Z",
    b"2026-02-30",
    b"2026-12-31T23:59:60Z",
    b"0000-00-00",
    b"99999-01-01",
    b"24:00",
    b"11:05",
    b"11:05:03",
    b"29 Feb",
    b"2026-03-29 02:30:00",
    b"0001-01-01T00:00:00Z",
    b"+0000",
    b"+99:99",
    b"Nov  5 11:05:03",
    b"CST",
    b"05/Nov/2026:11:05:03 +0800",
    b"\"ts\":",
    b"\"timestamp\":",
    b"\"id\":",
    b"\"id\":null",
    b"\"message\":",
    b"{\"ts\":1793849103,\"msg\":\"x\"}",
    b"ts=1793849103 ",
    b"<13>",
    b"<999>",
    b"1 - - - - -",
    b"99 <13>1 ",
    b"\xE6\x94\xAF\xE4\xBB\x98",
    b"\xF0\x9F\x98\x80",
    b"\xD6\xA7\xB8\xB6",
    b"time",
    b"value",
    b"metric",
    b"\tat x.Y(Z.java:1)\n",
    b"Caused by: x\n",
    b"stdout P ",
    b"stderr F ",
    b"\"values\":[",
    b"[[",
    b"]]",
];

/// One of the seeds, changed in one to some places.
pub(crate) fn mutate(seeds: &Seeds, random: &mut Random) -> Vec<u8> {
    let mut input = seeds.own(random).to_vec();
    // Some inputs are right: what decodes well has to be the same in chunks.
    let changes = random.below(7);
    let mut parts = seeds.parts(random);
    if let Some(parts) = &mut parts {
        for _ in 0..changes {
            let at = random.below(parts.len());
            change(&mut parts[at].1, seeds, random);
            parts[at].1.truncate(INPUT_BYTES_MAX);
        }
        input = crate::seeds::package(parts);
        if !random.one_in(4) {
            return input;
        }
    }
    for _ in 0..changes {
        change(&mut input, seeds, random);
        input.truncate(INPUT_BYTES_MAX);
    }
    input
}

fn change(input: &mut Vec<u8>, seeds: &Seeds, random: &mut Random) {
    match random.below(20) {
        0 => flip(input, random),
        1 => {
            let at = random.below(input.len());
            if let Some(byte) = input.get_mut(at) {
                *byte = random.next() as u8;
            }
        }
        2 => drop(input.drain(random.range(input.len()))),
        3 => {
            let piece = input[random.range(input.len())].to_vec();
            insert(input, random.below(input.len() + 1), &piece);
        }
        4 | 5 => {
            let at = random.below(input.len() + 1);
            insert(input, at, random.pick(WORDS));
        }
        6 => input.truncate(random.below(input.len() + 1)),
        7 => splice_lines(input, seeds, random),
        8 => splice_words(input, seeds, random),
        9 | 10 => replace_word(input, random.pick(WORDS), random),
        11 => swap_words(input, random),
        12 => repeat_line(input, random),
        13 => nest(input, random),
        14 => line_ends(input, random),
        15 => number(input, random),
        16 => drop_word(input, random),
        17 => repeat_word(input, random),
        18 => swap_lines(input, random),
        _ => {
            let other = seeds.any(random);
            insert(input, random.below(input.len() + 1), &other[random.range(other.len())]);
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

fn flip(input: &mut [u8], random: &mut Random) {
    let at = random.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

/// Words, numbers, quoted texts and single marks, one after the other.
fn words(input: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = input.get(at) {
        let rest = &input[at + 1..];
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(byte) || *byte >= 0x80;
        let length = match byte {
            b'"' => rest.iter().position(|other| *other == b'"').map_or(1, |end| end + 2),
            byte if is_word(byte) => 1 + rest.iter().take_while(|byte| is_word(byte)).count(),
            _ => 1,
        };
        if !byte.is_ascii_whitespace() {
            found.push(at..at + length);
        }
        at += length;
    }
    found
}

fn pick_word(input: &[u8], random: &mut Random) -> Option<std::ops::Range<usize>> {
    let words = words(input);
    words.get(random.below(words.len())).cloned()
}

fn replace_word(input: &mut Vec<u8>, by: &[u8], random: &mut Random) {
    if let Some(word) = pick_word(input, random) {
        input.splice(word, by.iter().copied());
    }
}

fn drop_word(input: &mut Vec<u8>, random: &mut Random) {
    if let Some(word) = pick_word(input, random) {
        input.drain(word);
    }
}

fn repeat_word(input: &mut Vec<u8>, random: &mut Random) {
    if let Some(word) = pick_word(input, random) {
        let times = if random.one_in(8) { 500 } else { 1 + random.below(3) };
        let piece = input[word.clone()].repeat(times);
        insert(input, word.end, &piece);
    }
}

fn swap_words(input: &mut Vec<u8>, random: &mut Random) {
    let words = words(input);
    if words.is_empty() {
        return;
    }
    let (one, other) = (words[random.below(words.len())].clone(), words[random.below(words.len())].clone());
    let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
    if first.end <= second.start {
        let (before, after) = (input[first.clone()].to_vec(), input[second.clone()].to_vec());
        input.splice(second, before);
        input.splice(first, after);
    }
}

/// The number of a word becomes one at the edge of a kind, or much longer.
fn number(input: &mut Vec<u8>, random: &mut Random) {
    let numbers: Vec<_> =
        words(input).into_iter().filter(|word| input[word.start].is_ascii_digit()).collect();
    let Some(word) = numbers.get(random.below(numbers.len())).cloned() else { return };
    let by = match random.below(6) {
        0 => random.next().to_string(),
        1 => (random.next() as i64 >> random.below(63)).to_string(),
        2 => "9".repeat(1 + random.below(400)),
        3 => f64::from_bits(random.next()).to_string(),
        4 => format!("{}.{}", random.below(1000), "0".repeat(random.below(40))),
        _ => (1i128 << random.below(70)).to_string(),
    };
    input.splice(word, by.into_bytes());
}

fn lines(input: &[u8]) -> Vec<&[u8]> {
    input.split_inclusive(|byte| *byte == b'\n').collect()
}

fn splice_lines(input: &mut Vec<u8>, seeds: &Seeds, random: &mut Random) {
    let other = if random.one_in(3) { seeds.any(random) } else { seeds.own(random) };
    let other = lines(other);
    let mut own = lines(input);
    if other.is_empty() {
        return;
    }
    let at = random.below(own.len() + 1);
    own.insert(at, random.pick(&other));
    *input = own.concat();
}

fn splice_words(input: &mut Vec<u8>, seeds: &Seeds, random: &mut Random) {
    let other = if random.one_in(3) { seeds.any(random) } else { seeds.own(random) };
    if let Some(word) = pick_word(other, random) {
        let by = other[word].to_vec();
        replace_word(input, &by, random);
    }
}

fn repeat_line(input: &mut Vec<u8>, random: &mut Random) {
    let own = lines(input);
    if own.is_empty() {
        return;
    }
    let at = random.below(own.len());
    let times = if random.one_in(10) { 300 } else { 2 };
    let repeated = own[at].repeat(times);
    let mut own = own;
    own[at] = &repeated;
    *input = own.concat();
}

fn swap_lines(input: &mut Vec<u8>, random: &mut Random) {
    let mut own = lines(input);
    if !own.is_empty() {
        let (one, other) = (random.below(own.len()), random.below(own.len()));
        own.swap(one, other);
        *input = own.concat();
    }
}

/// Something gets many brackets around it, or opens many and never closes them.
fn nest(input: &mut Vec<u8>, random: &mut Random) {
    const PAIRS: [(&[u8], &[u8]); 6] =
        [(b"[", b"]"), (b"{\"a\":", b"}"), (b"\"", b"\""), (b"(", b")"), (b"<a>", b"</a>"), (b"- ", b"\n")];
    let (open, close) = random.pick(&PAIRS);
    let depth = random.pick(&[1, 2, 7, 9, 127, 130, 3000]);
    let word = pick_word(input, random).unwrap_or(0..0);
    let close = if random.one_in(3) { Vec::new() } else { close.repeat(depth) };
    insert(input, word.end, &close);
    insert(input, word.start, &open.repeat(depth));
}

fn line_ends(input: &mut Vec<u8>, random: &mut Random) {
    let by: &[u8] = random.pick(&[b"\r\n".as_slice(), b"\r", b"", b" ", b"\n\n", b"\n \n"]);
    *input = input.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(by);
}
