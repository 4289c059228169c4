//! Owns the registration of query levels, and of the tables in their FROM as sources.

use super::{Block, Item, Walk, nullable, source};
use crate::error::{Error, Result};
use crate::lineage::model::{Presence, Source};
use crate::pg::node::{Entry, Query};
use crate::pg::relation;
use pgrx::pg_sys::Oid;
use std::collections::{BTreeSet, HashSet};

impl<'a> Walk<'a> {
    /// Registers a query level and everything in its FROM. `outer` is the level whose columns it can name.
    pub(super) fn block(
        &mut self,
        query: Query<'a>,
        outer: Option<usize>,
        recursive: bool,
    ) -> Result<usize> {
        let shape = query.shape();
        if !shape.is_select {
            return Err(Error::Construct {
                construct: "a data-modifying statement in WITH",
                detail: "A defining query only reads.",
                hint: "Write the change as a statement of its own.",
            });
        }
        if shape.has_row_locks {
            self.refuse(Error::Construct {
                construct: "FOR UPDATE",
                detail: "Refreshing would lock the source rows.",
                hint: "Leave it out.",
            })?;
        }
        let is_recursive = recursive || outer.is_some_and(|o| self.blocks[o].is_recursive);
        let id = self.blocks.len();
        let from_item = query.joins();
        self.blocks.push(Block {
            query,
            shape,
            targets: query.targets(),
            items: vec![Item::Unused; query.entry_count() + 1],
            outer,
            within: outer,
            is_recursive,
            is_mate: false,
            nullable: nullable::entries(&from_item),
            from: from_item,
            nullable_so_far: HashSet::new(),
            is_in_from: false,
            is_visited: false,
            needed: BTreeSet::new(),
        });
        let from: HashSet<usize> = query.indexes_in_from().into_iter().collect();
        for index in 1..=query.entry_count() {
            let entry = match query.entry(index) {
                Ok(entry) => entry,
                Err(error) => {
                    self.refuse(error)?;
                    continue;
                }
            };
            let item = match entry {
                Entry::Alias(exprs) => Item::Alias(exprs),
                _ if !from.contains(&index) => Item::Unused,
                Entry::Relation { relid, alias } => Item::Source(self.source(relid, alias, id)?),
                Entry::Subquery(nested) => Item::Block(self.block(nested, Some(id), false)?),
                Entry::Functions { all, columns, read } => Item::Functions { all, columns, read },
                Entry::Computed(exprs) => Item::Computed(exprs),
                Entry::With {
                    is_self_reference: true,
                    ..
                } => outer.map_or(Item::Unused, Item::Recursion),
                Entry::With {
                    name, levels_up, ..
                } => self.with_block(id, &name, levels_up)?,
            };
            self.blocks[id].items[index] = item;
        }
        Ok(id)
    }

    /// Each reference to a WITH query reads its tables anew, as an inlined one does.
    fn with_block(&mut self, block: usize, name: &str, levels_up: u32) -> Result<Item<'a>> {
        let owner = self.level_up(block, levels_up)?;
        let with = self.blocks[owner]
            .query
            .with_query(name)
            .ok_or_else(|| Error::Internal(format!("WITH query \"{name}\" not found")))?;
        let nested = self.block(with.query, Some(owner), with.is_recursive)?;
        self.blocks[nested].within = Some(block);
        Ok(Item::Block(nested))
    }

    fn source(&mut self, relid: Oid, alias: String, block: usize) -> Result<usize> {
        let name = relation::name(relid)
            .ok_or_else(|| Error::Internal(format!("relation {} vanished", relid.to_u32())))?;
        self.require(source::check(relid, &name.name))?;
        let alias = match self.is_mate_walk {
            true => {
                self.mates.insert(self.sources.len());
                format!("other_{alias}")
            }
            false => alias,
        };
        self.sources.push(Source {
            relid: relid.to_u32(),
            name,
            alias,
            columns: relation::columns(relid),
            used: BTreeSet::new(),
            is_read_whole: false,
            obstacle: None,
            is_recursive: self.blocks[block].is_recursive,
            conditions: Vec::new(),
            decisive: BTreeSet::new(),
            presence: Presence::Unknown,
            leaves: 0,
        });
        self.levels.push(block);
        Ok(self.sources.len() - 1)
    }
}
