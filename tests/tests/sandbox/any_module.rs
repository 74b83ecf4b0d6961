//! Any module, and anything that a module says: nothing of it harms the host or who runs beside it.
//!
//! Takes in modules that are made of random bytes (by `wasm-smith`, which makes valid ones), and a module of which every
//! answer and every command is drawn; gives out whether the host goes on, and the strategy beside it goes its own way.

use arbitrary::Unstructured;
use backplane_engine::RunConfig;
use backplane_engine::guest::{Guest, InProcess};
use backplane_engine::record::Unrecorded;
use backplane_guests::wasm::check::check;
use backplane_guests::wasm::{Limits, WasmPlugin};
use backplane_sdk::params::Params;
use backplane_sdk::prelude::*;
use backplane_tests::rows::{Rows, play_by, resolve};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, prop_oneof, proptest};
use proptest::strategy::Strategy as Drawn;
use wasm_smith::{Config, Module as Smith};

use super::{MODULE, Module};
use crate::oracle::flow;

fn limits() -> Limits {
    Limits {
        memory_bytes: 1 << 20,
        fuel_per_message: 100_000,
        fuel_per_batch: 100_000,
        ..Limits::default()
    }
}

/// A valid module of random bytes. `is_shaped`: it exports and imports what the contract asks for.
fn module(bytes: &[u8], is_shaped: bool) -> Option<Vec<u8>> {
    let config = Config {
        module_shape: is_shaped.then(|| wat::parse_str(MODULE).unwrap()),
        max_memories: 1,
        max_memory32_bytes: 1 << 22,
        gc_enabled: false,
        threads_enabled: false,
        exceptions_enabled: false,
        tail_call_enabled: false,
        memory64_enabled: false,
        ..Config::default()
    };
    let made = Smith::new(config, &mut Unstructured::new(bytes)).ok()?;
    Some(made.to_bytes())
}

/// What the module by hand answers; none: what it does answer.
#[derive(Clone, Debug)]
struct Answers {
    addresses: Vec<Option<u32>>,
    lengths: Vec<Option<u32>>,
    heard: Option<u64>,
    saved: Option<u64>,
    commands: Vec<[u8; 80]>,
}

/// Numbers that are likely to be wrong where addresses and lengths are wanted.
fn number() -> impl Drawn<Value = u32> {
    let near = [0, 1, 1_024, 8_192, 65_536, (4 << 16) - 1, 4 << 16, u32::MAX];
    prop_oneof![
        prop::sample::select(near.to_vec()),
        0..5u32 << 16,
        any::<u32>()
    ]
}

/// A command whose kind and sides are mostly known, and everything else drawn.
fn command() -> impl Drawn<Value = [u8; 80]> {
    let number = prop_oneof![-3i64..100_000, any::<i64>()];
    let numbers = prop::array::uniform8(number);
    let side = prop::sample::select(b"BA\0x".to_vec());
    let known = (
        0u8..14,
        side,
        0u8..10,
        0u8..8,
        prop_oneof![0u32..3, any::<u32>()],
    );
    (known, numbers, any::<u32>()).prop_map(|(known, numbers, flags)| {
        let mut bytes = [0; 80];
        let kind = if known.2 < 5 { known.2 + b'0' } else { known.2 };
        bytes[..4].copy_from_slice(&[known.0, known.1, kind, known.3 + b'0' * (known.3 & 1)]);
        bytes[4..8].copy_from_slice(&known.4.to_le_bytes());
        for (place, number) in numbers.iter().enumerate() {
            bytes[8 + place * 8..][..8].copy_from_slice(&number.to_le_bytes());
        }
        bytes[64..68].copy_from_slice(&(flags & flags.rotate_left(7) & 0xf).to_le_bytes());
        bytes
    })
}

fn answers() -> impl Drawn<Value = Answers> {
    let rarely = || prop::option::weighted(0.1, number());
    let pair = || {
        (
            0u64..4,
            prop_oneof![0u64..6, any::<u32>().prop_map(u64::from)],
        )
    };
    let packed = move || pair().prop_map(|(high, low)| high << 32 | low);
    (
        prop::collection::vec(rarely(), 5),
        prop::collection::vec(rarely(), 3),
        prop::option::weighted(0.8, packed()),
        prop::option::weighted(0.3, packed()),
        prop::collection::vec(command(), 0..6),
    )
        .prop_map(|(addresses, lengths, heard, saved, commands)| Answers {
            addresses,
            lengths,
            heard,
            saved,
            commands,
        })
}

impl Answers {
    /// The module that answers so.
    fn module(&self) -> Vec<u8> {
        let mut text = MODULE.to_owned();
        let mut put = |from: &str, to: String| {
            assert!(text.contains(from), "the module has no `{from}`");
            text = text.replacen(from, &to, 1);
        };
        // A strategy hears market and gives commands, where it does not say otherwise.
        let texts = [
            "i32.const 65536)",
            "i32.const 4096)",
            "i32.const 196608)",
            "i32.const 8192)",
            "i32.const 1024)\n",
        ];
        for (from, address) in texts.into_iter().zip(&self.addresses) {
            let end = if from.ends_with('\n') { ")\n" } else { ")" };
            if let Some(address) = address {
                put(from, format!("i32.const {}{end}", *address as i32));
            }
        }
        let texts = [
            "i32.const 115)",
            "(result i32) i32.const 0)",
            "(param i32) (result i32) i32.const 0)",
        ];
        for (from, length) in texts.into_iter().zip(&self.lengths) {
            if let Some(length) = length {
                put(
                    from,
                    from.replace("115", "0")
                        .replace("const 0", &format!("const {}", *length as i32)),
                );
            }
        }
        if let Some(heard) = self.heard {
            put(
                "(i64.shl (i64.extend_i32_u (local.get $count)) (i64.const 32))",
                format!("(i64.const {})", heard as i64),
            );
        }
        if let Some(saved) = self.saved {
            put(
                "(result i64) i64.const 0)",
                format!("(result i64) i64.const {})", saved as i64),
            );
        }
        let bytes: String = self
            .commands
            .iter()
            .flatten()
            .map(|x| format!("\\{x:02x}"))
            .collect();
        put(
            "(func $sin",
            format!("(data (i32.const 8192) \"{bytes}\") (func $sin"),
        );
        wat::parse_str(text).unwrap()
    }
}

/// Buys at every trade.
struct Buyer;

impl backplane_sdk::Strategy for Buyer {
    fn descriptor() -> Descriptor {
        Descriptor::new("buyer", "1.0.0").subscribe(Schema::Trades)
    }

    fn new(_: &Params) -> Result<Buyer, String> {
        Ok(Buyer)
    }

    fn on_market(&mut self, event: &MarketEvent, ctx: &mut Context) {
        ctx.submit(Order::market(event.instrument(), Side::Buy, Quantity(1)));
    }
}

fn buyer() -> Box<dyn Guest> {
    Box::new(InProcess::<Buyer>::new(&Params::defaults(&[])).unwrap())
}

/// The digest of the first guest, when all have played a market.
fn played(guests: Vec<Box<dyn Guest>>) -> [u8; 32] {
    let mut source = Rows::new(resolve(&flow::random(7, 120), 1), 16);
    let config = RunConfig::default();
    let summary = play_by(&mut source, guests, config, Vec::new(), &mut Unrecorded);
    summary.unwrap().instances[0].digest
}

/// Hears a market beside another, and is then asked for its state and given one, whatever comes of it.
fn try_out(plugin: &WasmPlugin) {
    let params = Params::defaults(&plugin.descriptor().params);
    let Ok(mut guest) = plugin.instantiate(&params) else {
        return;
    };
    let alone = played(vec![buyer()]);
    let Ok(beside) = plugin.instantiate(&params) else {
        return;
    };
    assert_eq!(played(vec![buyer(), Box::new(beside)]), alone);
    let _ = guest.save();
    let _ = guest.load(0, b"state");
    assert!(guest.memory_bytes() <= 1 << 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn modules_of_random_bytes_are_refused_or_kept_within_their_limits(
        bytes in prop::collection::vec(any::<u8>(), 0..8_000),
        is_shaped in any::<bool>(),
    ) {
        // None: the bytes did not suffice for a module.
        let Some(bytes) = module(&bytes, is_shaped) else { return Ok(()) };
        let is_checked = check(&bytes).is_ok();
        let loaded = Module::new(&bytes).load(&limits());
        prop_assert!(is_checked || loaded.is_err());
        if let Ok(plugin) = loaded {
            try_out(&plugin);
        }
    }

    #[test]
    fn whatever_a_module_answers_harms_nobody_else(answers in answers()) {
        if let Ok(plugin) = Module::new(&answers.module()).load(&limits()) {
            try_out(&plugin);
        }
    }
}
