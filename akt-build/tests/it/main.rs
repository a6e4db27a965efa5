//! What akt-build promises; one file per promise.

mod committed;
mod compiled;
mod evolution;
mod fuzz;
mod golden;
mod lock;
mod mistakes;
mod nodes;
mod probes;
mod references;

/// What users get with `include_contracts!`: the golden code, each file in the module it was made for.
mod cart {
    include!("../golden/cart.rs");
}
mod elsewhere {
    include!("../golden/elsewhere.rs");
}
mod names {
    include!("../golden/names.rs");
}
mod oneway {
    include!("../golden/oneway.rs");
}
mod packages {
    include!("../golden/packages.rs");
}
mod plain {
    include!("../golden/plain.rs");
}
mod till {
    akt::include_contracts!("tests/golden/till.rs");
}
mod till_v1 {
    include!("../golden/till_v1.rs");
}
mod refs {
    include!("../golden/refs.rs");
}
mod serde_derived {
    include!("../golden/serde.rs");
}
mod stream {
    include!("../golden/stream.rs");
}
mod well_known {
    include!("../golden/well_known.rs");
}

use std::fs;
use std::path::{Path, PathBuf};

use akt_build::Builder;

/// A folder of `.proto` files, fresh for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("akt-build").join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("cargo's folder for tests can be written");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.0.join(name), text).expect("the test's folder can be written");
        self
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).expect("the test wrote the file")
    }

    /// Compiles `name`; a mistake comes back without the folder in front of its file.
    fn compile(&self, builder: &Builder, name: &str) -> Result<String, String> {
        let result = builder.clone().out_dir(&self.0).compile(&[self.0.join(name)], &[&self.0]);
        let folder = format!("{}/", self.0.display());
        result.map_err(|error| error.to_string().replace(&folder, ""))?;
        Ok(self.read("akt_contracts.rs"))
    }
}
