//! Dependencies point down only (DESIGN §5), and some crates of others have one home.
//!
//! Owns: the layers, by folder, and the table of who may depend on whom. A crate is what its folder says,
//! whatever its name, so a new crate in a known place needs no new rule, and one in an unknown place is an
//! error until it has one. Build and development dependencies obey like all others: a test that reaches
//! upwards belongs into `tests/`.

use crate::Finding;

/// A dependency of one of our crates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edge {
    /// The folder of the crate that depends, relative to the root.
    pub from: String,
    /// What it depends on.
    pub to: Target,
}

/// What a crate depends on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// A crate of ours, by its folder.
    Ours(String),
    /// Somebody else's, by its name.
    Theirs(String),
}

/// A place in the order of trust and direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layer {
    /// `kernel/abi`
    Abi,
    /// `khal`
    Khal,
    /// `kernel/core`
    Core,
    /// `kernel/hostcall`
    Hostcall,
    /// `kernel/wasm`
    Wasm,
    /// `kernel` itself: the binary.
    Kernel,
    /// `actor-sdk` and its parts.
    Sdk,
    /// A folder under `actors`.
    Actor,
    /// A folder under `tools`.
    Tool,
    /// `tests` and its parts.
    Tests,
}

use Layer::{Abi, Actor, Core, Hostcall, Kernel, Khal, Sdk, Tests, Tool, Wasm};

/// Which crates of others may be named where, and only there.
const HOMES: &[(&str, &[Layer])] = &[
    ("tinywasm", &[Wasm, Tests]),
    ("wasmi", &[Wasm, Tests]),
    ("bootloader", &[Tool]),
    ("bootloader_api", &[Khal]),
    ("x86_64", &[Khal]),
    ("acpi", &[Khal]),
    ("uart_16550", &[Khal]),
    ("virtio-drivers", &[Khal]),
    ("unwinding", &[Khal]),
    ("loom", &[Khal, Core, Tests]),
];

impl Layer {
    /// The layer of the crate in `folder`, if that is a known place.
    pub fn of(folder: &str) -> Option<Self> {
        let (top, below) = folder.split_once('/').map_or((folder, None), |(top, below)| (top, Some(below)));
        Some(match (top, below) {
            ("kernel", Some("abi")) => Abi,
            ("kernel", Some("core")) => Core,
            ("kernel", Some("hostcall")) => Hostcall,
            ("kernel", Some("wasm")) => Wasm,
            ("kernel", None) => Kernel,
            ("khal", None) => Khal,
            ("actor-sdk", _) => Sdk,
            ("actors", Some(_)) => Actor,
            ("tools", Some(_)) => Tool,
            ("tests", _) => Tests,
            _ => return None,
        })
    }

    /// The layers that this one may depend on.
    fn below(self) -> &'static [Self] {
        match self {
            Abi | Khal => &[],
            Core => &[Abi, Khal],
            Hostcall => &[Core, Abi, Khal],
            Wasm => &[Hostcall, Core, Abi, Khal],
            Kernel => &[Wasm, Hostcall, Core, Abi, Khal],
            // The SDK's own parts (its macros) are one layer.
            Sdk => &[Sdk, Abi],
            Actor => &[Sdk, Abi],
            Tool => &[Tool, Abi],
            Tests => &[Tests, Tool, Actor, Sdk, Kernel, Wasm, Hostcall, Core, Abi, Khal],
        }
    }
}

/// Every edge that breaks the rules, named.
pub fn check(edges: &[Edge]) -> Vec<Finding> {
    edges.iter().filter_map(fault).collect()
}

fn fault(edge: &Edge) -> Option<Finding> {
    let from = &edge.from;
    let Some(layer) = Layer::of(from) else {
        return Some(Finding::error(from, "no layer for a crate in this folder (tools/check/src/deps.rs)"));
    };
    match &edge.to {
        Target::Ours(folder) => {
            let allowed = Layer::of(folder).is_some_and(|to| layer.below().contains(&to));
            (!allowed)
                .then(|| Finding::error(from, format!("must not depend on {folder}: arrows point down")))
        }
        Target::Theirs(name) => {
            let (_, homes) = HOMES.iter().find(|(crate_name, _)| crate_name == name)?;
            (!homes.contains(&layer)).then(|| Finding::error(from, format!("must not name the crate {name}")))
        }
    }
}
