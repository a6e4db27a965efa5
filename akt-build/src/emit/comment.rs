//! Comments of the `.proto` as documentation that is never a test.

use prost_build::Comments;
use prost_types::SourceCodeInfo;

/// Names what stands in code fences and indented blocks `text`, so that rustdoc does not run it.
pub(crate) fn defuse(info: &mut SourceCodeInfo) {
    for location in &mut info.location {
        for comment in [&mut location.leading_comments, &mut location.trailing_comments].into_iter().flatten()
        {
            *comment = defused(comment);
        }
    }
}

/// The documentation of something of ours: its comment, or `otherwise`.
pub(crate) fn docs(comments: &Comments, otherwise: &str) -> Vec<String> {
    let mut text = String::new();
    // prost keeps the escaping of links and brackets to itself; what it appends is `/// line`.
    comments.append_with_indent(0, &mut text);
    let lines: Vec<String> =
        text.lines().filter_map(|line| Some(line.strip_prefix("///")?.to_owned())).collect();
    if lines.iter().all(|line| line.trim().is_empty()) {
        return vec![format!(" {otherwise}")];
    }
    lines
}

fn defused(comment: &str) -> String {
    let comment = comment.replace('\t', "    ");
    let margin = comment.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or_default();
    let mut lines = Vec::new();
    let mut block = Block::Text;
    let mut after_blank = true;
    for line in comment.lines() {
        let line = line.get(margin..).unwrap_or_default().trim_end();
        let fence = fence(line);
        match block {
            Block::Fenced(open) if fence == Some(open) => {
                lines.push(line.to_owned());
                block = Block::Text;
            }
            Block::Fenced(_) => lines.push(line.to_owned()),
            Block::Indented if line.is_empty() || indent(line) >= 4 => lines.push(line.to_owned()),
            Block::Indented | Block::Text => {
                if block == Block::Indented {
                    close(&mut lines);
                    block = Block::Text;
                }
                if let Some(open) = fence {
                    lines.push(format!("{}{open}text", " ".repeat(indent(line))));
                    block = Block::Fenced(open);
                } else if after_blank && indent(line) >= 4 {
                    lines.extend(["```text".to_owned(), line.to_owned()]);
                    block = Block::Indented;
                } else {
                    lines.push(line.to_owned());
                }
            }
        }
        after_blank = line.is_empty();
    }
    match block {
        Block::Text => {}
        Block::Fenced(open) => lines.push(open.to_owned()),
        Block::Indented => close(&mut lines),
    }
    lines.iter().map(|line| format!(" {line}\n")).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Block {
    Text,
    Fenced(&'static str),
    Indented,
}

/// Ends an indented block before the blank lines that follow it.
fn close(lines: &mut Vec<String>) {
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.insert(end, "```".to_owned());
}

fn fence(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    ["```", "~~~"].into_iter().find(|fence| line.starts_with(fence))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_called_text() {
        let comment = " Adds.\n\n ```rust\n cart.add();\n ```\n Done.\n";

        assert_eq!(defused(comment), " Adds.\n \n ```text\n cart.add();\n ```\n Done.\n");
    }

    #[test]
    fn an_open_fence_is_closed() {
        assert_eq!(defused(" ~~~\n code"), " ~~~text\n code\n ~~~\n");
    }

    #[test]
    fn an_indented_block_is_fenced() {
        let comment = " So:\n\n     cart.add();\n\n Done.\n";

        assert_eq!(defused(comment), " So:\n \n ```text\n     cart.add();\n ```\n \n Done.\n");
    }

    #[test]
    fn plain_text_stays() {
        assert_eq!(defused(" One.\n   - two\n"), " One.\n   - two\n");
    }
}
