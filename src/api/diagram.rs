//! Owns how a graph is written for programs that draw it: as a Mermaid flowchart or in Graphviz's
//! DOT. Pure.

use crate::error::{Error, Result};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Mermaid,
    Dot,
}

impl Format {
    /// Error: 22023.
    pub(super) fn parse(text: &str) -> Result<Format> {
        match text {
            "mermaid" => Ok(Format::Mermaid),
            "dot" => Ok(Format::Dot),
            _ => Err(Error::UnknownFormat(text.to_owned())),
        }
    }
}

/// Nodes and edges in the order in which they are written.
pub(super) struct Diagram {
    /// Names, and whether each is a TVIEW.
    pub(super) nodes: Vec<(String, bool)>,
    pub(super) edges: Vec<Edge>,
}

pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: EdgeKind,
    pub(super) label: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum EdgeKind {
    Keys,
    Full,
}

impl Diagram {
    pub(super) fn draw(&self, format: Format) -> String {
        match format {
            Format::Mermaid => self.mermaid(),
            Format::Dot => self.dot(),
        }
    }

    fn mermaid(&self) -> String {
        let mut lines = vec!["flowchart LR".to_owned()];
        for (n, (name, is_tview)) in self.nodes.iter().enumerate() {
            let name = mermaid_text(name);
            lines.push(match is_tview {
                true => format!("    n{n}[\"{name}\"]:::tview"),
                false => format!("    n{n}[(\"{name}\")]"),
            });
        }
        for (n, edge) in self.edges.iter().enumerate() {
            let (from, to, label) = (edge.from, edge.to, mermaid_text(&edge.label));
            match edge.kind {
                EdgeKind::Keys => lines.push(format!("    n{from} -->|\"{label}\"| n{to}")),
                EdgeKind::Full => {
                    lines.push(format!("    n{from} -.->|\"{label}\"| n{to}"));
                    lines.push(format!("    linkStyle {n} stroke:red,color:red"));
                }
            }
        }
        if self.nodes.iter().any(|(_, is_tview)| *is_tview) {
            lines.push("    classDef tview stroke-width:3px".to_owned());
        }
        lines.join("\n")
    }

    fn dot(&self) -> String {
        let mut lines = vec![
            "digraph pg_tviews {".to_owned(),
            "    rankdir=LR;".to_owned(),
        ];
        for (n, (name, is_tview)) in self.nodes.iter().enumerate() {
            let shape = match is_tview {
                true => "shape=box, style=bold",
                false => "shape=cylinder",
            };
            lines.push(format!("    n{n} [label={}, {shape}];", dot_text(name)));
        }
        for edge in &self.edges {
            let (from, to, label) = (edge.from, edge.to, dot_text(&edge.label));
            let style = match edge.kind {
                EdgeKind::Keys => "",
                EdgeKind::Full => ", style=dashed, color=red, fontcolor=red",
            };
            lines.push(format!("    n{from} -> n{to} [label={label}{style}];"));
        }
        lines.push("}".to_owned());
        lines.join("\n")
    }
}

/// Inside double quotes: what could mean something to Mermaid or to HTML goes by its number.
fn mermaid_text(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',');
    let each = text.chars().map(|c| match is_plain(c) {
        true => c.to_string(),
        false => format!("#{};", u32::from(c)),
    });
    each.collect()
}

/// A quoted string; an ampersand would begin an HTML entity, a backslash an escape of DOT's.
fn dot_text(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '&' => "&amp;".to_owned(),
        '\n' => "\\n".to_owned(),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagram() -> Diagram {
        let edge = |from, kind, label: &str| Edge {
            from,
            to: 2,
            kind,
            label: label.into(),
        };
        Diagram {
            nodes: vec![
                ("s.\"a]\"\"b\"".into(), false),
                ("s.tb_<é>".into(), false),
                ("s.tv_x".into(), true),
            ],
            edges: vec![
                edge(0, EdgeKind::Keys, "direct"),
                edge(1, EdgeKind::Full, "full"),
            ],
        }
    }

    #[test]
    fn mermaid_shows_special_characters_by_number() {
        let expected = "flowchart LR\n    n0[(\"s.#34;a#93;#34;#34;b#34;\")]\n    n1[(\"s.tb_#60;é#62;\")]\n    \
                        n2[\"s.tv_x\"]:::tview\n    n0 -->|\"direct\"| n2\n    n1 -.->|\"full\"| n2\n    \
                        linkStyle 1 stroke:red,color:red\n    classDef tview stroke-width:3px";
        assert_eq!(diagram().draw(Format::Mermaid), expected);
    }

    #[test]
    fn dot_escapes_quotes_backslashes_and_entities() {
        assert_eq!(dot_text("a\"b\\n&lt;"), "\"a\\\"b\\\\n&amp;lt;\"");
        let text = diagram().draw(Format::Dot);
        assert!(
            text.contains("n1 -> n2 [label=\"full\", style=dashed, color=red, fontcolor=red];")
        );
    }

    #[test]
    fn other_formats_are_refused() {
        assert_eq!(Format::parse("dot").ok(), Some(Format::Dot));
        assert!(Format::parse("svg").is_err());
    }
}
