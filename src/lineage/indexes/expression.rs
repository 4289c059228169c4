//! Owns the little that must be understood of an expression's text, as PostgreSQL deparses it.

/// Without the pairs of parentheses that are around the whole of an expression.
pub(super) fn without_parentheses(text: &str) -> &str {
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    match inner {
        Some(inner) if closes_at(text) == Some(text.len() - 1) => without_parentheses(inner),
        _ => text,
    }
}

/// Whether it is one call of a function, which an index takes without parentheses.
pub(super) fn is_call(text: &str) -> bool {
    let Some(open) = text.find('(') else {
        return false;
    };
    let (name, arguments) = text.split_at(open);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '"');
    let is_name = !name.is_empty() && name.chars().all(is_part) && !NO_CALLS.contains(&name);
    is_name && closes_at(arguments) == Some(arguments.len() - 1)
}

/// What stands before parentheses without being a function.
const NO_CALLS: &[&str] = &["ROW", "ARRAY", "EXISTS"];

/// Where the parenthesis closes that opens at the start; those in quotes do not count.
fn closes_at(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (position, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(position);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{is_call, without_parentheses};

    #[test]
    fn only_parentheses_around_the_whole_are_taken_away() {
        assert_eq!(without_parentheses("((a || b))"), "a || b");
        assert_eq!(without_parentheses("(a)::text"), "(a)::text");
        assert_eq!(without_parentheses("(a || ')')"), "a || ')'");
        assert_eq!(without_parentheses("(a) + (b)"), "(a) + (b)");
    }

    #[test]
    fn calls_are_told_from_operators_and_constructors() {
        for call in [
            "lower(a)",
            "\"left\"(a, 2)",
            "s.f((a)::text)",
            "COALESCE(a, ')')",
        ] {
            assert!(is_call(call), "{call}");
        }
        for other in [
            "a",
            "a || b",
            "(a)::text",
            "f(a) || g(b)",
            "ROW(a, b)",
            "- f(a)",
        ] {
            assert!(!is_call(other), "{other}");
        }
    }
}
