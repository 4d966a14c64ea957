//! Lists the files of the example estate, so that `causeway demo` carries them and works from any directory.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Where the estate lies, below this package.
const ESTATE: &str = "tests/data/acme";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ESTATE}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(ESTATE);
    let mut documents = String::new();
    for file in files(&root)? {
        let name = file.strip_prefix(&root)?;
        // What lies in the root itself is about the estate, and no part of it.
        if name.components().count() > 1 {
            let name = name
                .to_str()
                .ok_or("a file of the estate has a name that is not UTF-8")?
                .replace('\\', "/");
            writeln!(
                documents,
                "({name:?}, include_str!({:?})),",
                file.display().to_string()
            )?;
        }
    }
    let questions = root.join("expected.jsonl");
    let list = format!(
        "const DOCUMENTS: &[(&str, &str)] = &[\n{documents}];\nconst QUESTIONS: &str = include_str!({:?});\n",
        questions.display().to_string()
    );
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("estate.rs"), list)?;
    Ok(())
}

/// All JSON files below a directory, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(files(&entry)?);
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(entry);
        }
    }
    Ok(found)
}
