//! Checks of the file and of what the plugin says about itself.
//!
//! Takes in a file; gives out whether it is whole, speaks this host's version of the contract, and tells users what they
//! need to know.

use std::path::Path;

use backplane_guests::{Carrier, Grant, anatomy, directory};

use super::subject::Subject;
use super::{Check, Miss, file, loaded};

pub(super) const CHECKS: &[Check] = &[
    file("file", "the file is whole and of its kind", is_whole),
    file("abi", "it speaks this host's version of the contract", abi),
    file(
        "imports",
        "it takes from the host what it may, and no more",
        imports,
    ),
    loaded("loads", "it loads and describes itself", loads),
    loaded("name", "its file is named like the strategy", name),
    loaded("version", "its version has three numbers", version),
    loaded("help", "it says what each parameter does", help),
    loaded("subscriptions", "it hears something", subscriptions),
];

fn carrier(path: &Path) -> Result<Carrier, Miss> {
    Carrier::of(path).ok_or_else(|| "its name is not that of a plugin".into())
}

fn is_whole(path: &Path, _: &Grant) -> Result<String, Miss> {
    let carrier = carrier(path)?;
    directory::check(path, carrier)?;
    let anatomy = anatomy(path, carrier)?;
    Ok(format!("{} bytes", anatomy.bytes))
}

fn abi(path: &Path, _: &Grant) -> Result<String, Miss> {
    let version = anatomy(path, carrier(path)?)?.abi;
    let version = version.ok_or("it says none")?;
    let host = backplane_sdk::abi::ABI_VERSION;
    match version == host {
        true => Ok(format!("version {version}")),
        false => Err(format!("it speaks version {version}, this host {host}").into()),
    }
}

fn imports(path: &Path, _: &Grant) -> Result<String, Miss> {
    let carrier = carrier(path)?;
    let anatomy = anatomy(path, carrier)?;
    match carrier {
        // What the system's libraries give, a native plugin may take: it runs with the user's rights.
        Carrier::Native => {
            let is_system = |x: &&String| {
                [
                    "libc.so",
                    "libm.so",
                    "libgcc_s.so",
                    "ld-linux",
                    "libpthread.so",
                    "libdl.so",
                    "libstdc++.so",
                ]
                .iter()
                .any(|y| x.starts_with(y))
            };
            let foreign = anatomy.libraries.iter().find(|x| !is_system(x));
            match foreign {
                Some(library) => {
                    Err(format!("it needs `{library}`, which other machines may lack").into())
                }
                None => Ok(format!("{} names of the system", anatomy.imports.len())),
            }
        }
        Carrier::Wasm => Ok(format!("{} names", anatomy.imports.len())),
        Carrier::Python => Ok(format!("{} modules beside it", anatomy.imports.len())),
    }
}

fn loads(subject: &Subject) -> Result<String, Miss> {
    let descriptor = subject.descriptor();
    Ok(format!(
        "{} {}, {} parameters",
        descriptor.name,
        descriptor.version,
        descriptor.params.len()
    ))
}

fn name(subject: &Subject) -> Result<String, Miss> {
    let carrier = carrier(&subject.path)?;
    let file = directory::plugin_name(&subject.path, carrier);
    let own = subject.descriptor().name.replace('-', "_");
    match file == own {
        true => Ok(own),
        false => Err(format!("the strategy calls itself `{own}`, its file `{file}`").into()),
    }
}

fn version(subject: &Subject) -> Result<String, Miss> {
    let version = &subject.descriptor().version;
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |x: &&str| x.parse::<u64>().is_ok();
    match numbers.len() == 3 && numbers.iter().all(is_number) {
        true => Ok(version.clone()),
        false => Err(format!("`{version}` is not like 1.0.0").into()),
    }
}

fn help(subject: &Subject) -> Result<String, Miss> {
    let params = &subject.descriptor().params;
    match params.iter().find(|x| x.help.trim().is_empty()) {
        Some(param) => Err(format!("`{}` has no help", param.id).into()),
        None => Ok(format!("{} parameters", params.len())),
    }
}

fn subscriptions(subject: &Subject) -> Result<String, Miss> {
    let subscriptions = &subject.descriptor().subscriptions;
    let schemas: Vec<&str> = subscriptions.iter().map(|x| x.schema.name()).collect();
    match schemas.is_empty() {
        true => Err("it subscribes to nothing, so it hears no market".into()),
        false => Ok(schemas.join(", ")),
    }
}
