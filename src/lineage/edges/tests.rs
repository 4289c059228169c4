//! Tests of edges.
