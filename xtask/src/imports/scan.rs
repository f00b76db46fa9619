//! What one file mentions: every path of two segments or more, and every leaf
//! of every `use`, with `self`, `super` and `crate` resolved.
//!
//! Which mentions are allowed is not known here.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Ident, Item, UseTree,
    visit::{self, Visit},
};

use super::rules;

/// A path as the file means it: `crate::…` for tracer's own modules, else its
/// first segment is an outside crate, or a name of the file's own.
pub struct Mention {
    pub path: Vec<String>,
    pub line: usize,
    pub in_test: bool,
    /// The name a `use` gives it, by which later paths may begin.
    pub alias: Option<String>,
}

#[derive(Default)]
pub struct Scan {
    pub mentions: Vec<Mention>,
    /// `#[cfg(test)] mod x;`: the files of these modules are tests.
    pub test_modules: Vec<Vec<String>>,
}

pub fn scan(text: &str, module: &[String]) -> syn::Result<Scan> {
    let file = syn::parse_file(text)?;
    let mut scanner = Scanner {
        module: module.to_vec(),
        in_test: is_test(&file.attrs),
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
    module: Vec<String>,
    in_test: bool,
    found: Scan,
    /// In the crate root, paths may begin with these.
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
            line,
            in_test: self.in_test,
            alias,
        });
    }

    fn resolve(&self, names: Vec<String>) -> Vec<String> {
        let mut here = self.module.clone();
        let mut rest = names.as_slice();
        match names[0].as_str() {
            "crate" => return names,
            rules::CRATE => here.clear(),
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

    /// `a::{self}` is `a`.
    fn use_leaf(&mut self, prefix: &[&Ident], leaf: &Ident, rename: Option<&Ident>) {
        let mut path = prefix.to_vec();
        if path.is_empty() || leaf != "self" {
            path.push(leaf);
        }
        let alias = rename.or(path.last().copied()).map(Ident::to_string);
        self.mention(&path, alias);
    }

    /// A macro's input is tokens only; what looks like a path there is one.
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
        if path.len() > 1 {
            self.mention(&path.iter().collect::<Vec<_>>(), None);
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
        self.within_test(attributes(item), |scanner| visit::visit_item(scanner, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within_test(&item.attrs, |scanner| {
            visit::visit_impl_item_fn(scanner, item);
        });
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        if item.content.is_some() {
            visit::visit_item_mod(self, item);
        } else if self.in_test {
            self.found.test_modules.push(self.module.clone());
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let alias = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
        self.mention(&[&item.ident], Some(alias.to_string()));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments: Vec<&Ident> = path.segments.iter().map(|part| &part.ident).collect();
            self.mention(&segments, None);
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

/// `#[test]`, `#[some::test]`, and every `cfg` that asks for `test`.
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
