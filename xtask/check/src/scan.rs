//! Reads one file: the items and modules it declares, every path it mentions,
//! and every leaf of every `use`, with `self`, `super` and `crate` resolved.
//!
//! It does not know which mentions are allowed, nor what a name stands for.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Ident, Item, UseTree,
    visit::{self, Visit},
};

/// A path with `self`, `super` and `crate` resolved. It begins with `crate` for
/// the crate's own modules, else with an outside crate or a name in scope.
pub struct Mention {
    /// Two segments or more, or the leaf of a `use`.
    pub path: Vec<String>,
    /// Module that mentions it.
    pub scope: Vec<String>,
    pub line: usize,
    pub in_test: bool,
    /// Name that the `use` or `extern crate` binds, renamed or not. Later paths may
    /// begin with it. None for a glob or an ordinary path.
    pub alias: Option<String>,
    /// True if the `use` is visible outside its module.
    pub is_reexport: bool,
}

#[derive(Default)]
pub struct Scan {
    pub mentions: Vec<Mention>,
    /// Paths of one segment, with the module that mentions them. Tests are left out.
    pub bare_names: BTreeSet<(Vec<String>, String)>,
    /// Items that each module of the file declares. Tests are left out.
    pub items: Vec<(Vec<String>, String)>,
    /// Modules written inside the file. Tests are left out.
    pub inline_modules: Vec<Vec<String>>,
    /// `#[cfg(test)] mod x;`: the files of these modules are tests.
    pub test_modules: Vec<Vec<String>>,
}

/// Scans a file of the crate `name`, which is the module `module`.
pub fn scan(name: &str, text: &str, module: &[String]) -> syn::Result<Scan> {
    let file = syn::parse_file(text)?;
    let mut scanner = Scanner {
        name: name.to_owned(),
        module: module.to_vec(),
        in_test: is_test(&file.attrs),
        is_reexport: false,
        in_body: false,
        found: Scan::default(),
        root_modules: Vec::new(),
    };
    if module.is_empty() {
        scanner.root_modules = declared_modules(&file.items);
    }
    scanner.visit_file(&file);
    Ok(scanner.found)
}

struct Scanner {
    /// Name by which `main.rs` imports `lib.rs`.
    name: String,
    module: Vec<String>,
    in_test: bool,
    /// True inside a `use` that is visible outside its module.
    is_reexport: bool,
    /// True inside a function, whose items are its own.
    in_body: bool,
    found: Scan,
    /// Modules of the crate root, with which paths in it may begin.
    root_modules: Vec<String>,
}

impl Scanner {
    fn mention(&mut self, segments: &[&Ident], alias: Option<String>) {
        let Some(last) = segments.last() else { return };
        let names = segments.iter().map(|segment| segment.to_string()).collect();
        self.mention_names(names, last.span().start().line, alias);
    }

    fn mention_names(&mut self, names: Vec<String>, line: usize, alias: Option<String>) {
        self.found.mentions.push(Mention {
            path: self.resolve(names),
            scope: self.module.clone(),
            line,
            in_test: self.in_test,
            alias,
            is_reexport: self.is_reexport,
        });
    }

    fn resolve(&self, names: Vec<String>) -> Vec<String> {
        let mut here = self.module.clone();
        let mut rest = names.as_slice();
        match names[0].as_str() {
            "crate" => return names,
            name if name == self.name => here.clear(),
            "self" => {}
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    here.pop();
                    rest = &rest[1..];
                }
                return in_crate(here, rest);
            }
            first if self.module.is_empty() && self.root_modules.iter().any(|m| m == first) => {
                return in_crate(here, rest);
            }
            _ => return names,
        }
        in_crate(here, &rest[1..])
    }

    fn use_tree<'a>(&mut self, prefix: &mut Vec<&'a Ident>, tree: &'a UseTree) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(&path.ident);
                self.use_tree(prefix, &path.tree);
                prefix.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(prefix, tree);
                }
            }
            UseTree::Name(name) => self.use_leaf(prefix, &name.ident, None),
            UseTree::Rename(rename) => self.use_leaf(prefix, &rename.ident, Some(&rename.rename)),
            UseTree::Glob(glob) => {
                let mut names: Vec<String> = prefix.iter().map(|name| name.to_string()).collect();
                names.push("*".to_owned());
                self.mention_names(names, glob.star_token.spans[0].start().line, None);
            }
        }
    }

    /// Adds a leaf of a `use`; `a::{self}` is `a`.
    fn use_leaf(&mut self, prefix: &[&Ident], leaf: &Ident, rename: Option<&Ident>) {
        let mut path = prefix.to_vec();
        if path.is_empty() || leaf != "self" {
            path.push(leaf);
        }
        let alias = rename.or(path.last().copied()).map(Ident::to_string);
        self.mention(&path, alias);
    }

    fn bare_name(&mut self, name: &Ident) {
        if !self.in_test {
            let name = (self.module.clone(), name.to_string());
            self.found.bare_names.insert(name);
        }
    }

    /// Scans a macro's input, which is tokens only: what looks like a path is taken for
    /// one.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_of_token_path(&mut path);
                    }
                    path.push(ident);
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end_of_token_path(&mut path);
                    colons = 0;
                    self.tokens(group.stream());
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.end_of_token_path(&mut path);
                    colons = 0;
                }
            }
        }
        self.end_of_token_path(&mut path);
    }

    fn end_of_token_path(&mut self, path: &mut Vec<Ident>) {
        match path.as_slice() {
            [] => {}
            [name] => self.bare_name(name),
            path => self.mention(&path.iter().collect::<Vec<_>>(), None),
        }
        path.clear();
    }

    fn within_test(&mut self, attrs: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let outside = self.in_test;
        self.in_test |= is_test(attrs);
        visit(self);
        self.in_test = outside;
    }
}

impl<'ast> Visit<'ast> for Scanner {
    fn visit_item(&mut self, item: &'ast Item) {
        self.within_test(attributes(item), |scanner| {
            if let Some(name) = name(item)
                && !scanner.in_test
                && !scanner.in_body
            {
                let item = (scanner.module.clone(), name.to_string());
                scanner.found.items.push(item);
            }
            visit::visit_item(scanner, item);
        });
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let outside = std::mem::replace(&mut self.in_body, true);
        visit::visit_block(self, block);
        self.in_body = outside;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within_test(&item.attrs, |scanner| {
            visit::visit_impl_item_fn(scanner, item);
        });
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_some() {
            if !self.in_test {
                self.found.inline_modules.push(self.module.clone());
            }
            visit::visit_item_mod(self, item);
        } else if self.in_test {
            self.found.test_modules.push(self.module.clone());
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.is_reexport = !matches!(item.vis, syn::Visibility::Inherited);
        self.use_tree(&mut Vec::new(), &item.tree);
        self.is_reexport = false;
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let alias = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.mention(&[&item.ident], Some(alias.to_string()));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<&Ident> = path.segments.iter().map(|part| &part.ident).collect();
            self.mention(&segments, None);
        } else if let Some(segment) = path.segments.first() {
            self.bare_name(&segment.ident);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        visit::visit_macro(self, mac);
        self.tokens(mac.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        visit::visit_meta_list(self, list);
        self.tokens(list.tokens.clone());
    }
}

fn in_crate(module: Vec<String>, rest: &[String]) -> Vec<String> {
    let mut path = vec!["crate".to_owned()];
    path.extend(module);
    path.extend_from_slice(rest);
    path
}

fn declared_modules(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
            _ => None,
        })
        .collect()
}

/// Returns true for `#[test]`, `#[some::test]`, and every `cfg` that asks for `test`.
fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        if path.is_ident("cfg") {
            return attr
                .meta
                .require_list()
                .is_ok_and(|list| asks_for_test(list.tokens.clone()));
        }
        path.segments
            .last()
            .is_some_and(|last| last.ident == "test")
    })
}

fn asks_for_test(tokens: TokenStream) -> bool {
    let mut negated = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "test" => return true,
            TokenTree::Ident(ident) => negated = ident == "not",
            TokenTree::Group(group) if !negated && asks_for_test(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

/// Returns the name that an item declares in its module.
fn name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::TraitAlias(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        // syn leaves room for items that Rust does not have yet.
        _ => &[],
    }
}
