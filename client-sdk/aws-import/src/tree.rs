//! The files of a directory tree, in a fixed order. Knows the file system; must not know JSON.

use std::fs;
use std::path::{Path, PathBuf};

use crate::document::of_folders;
use crate::error::ImportError;
use crate::location::Location;

/// A file below the directory that is imported.
pub(crate) struct File {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its path relative to the directory, with `/` between the parts.
    pub(crate) name: String,
    /// Whether it is a regular file named `*.json`.
    pub(crate) is_json: bool,
}

/// All files below a directory, by name.
pub(crate) fn files(dir: &Path) -> Result<Vec<File>, ImportError> {
    let mut found = Vec::new();
    let mut open = vec![(dir.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|source| unreadable(&folder, source))? {
            let entry = entry.map_err(|source| unreadable(&folder, source))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry
                .file_type()
                .map_err(|source| unreadable(&path, source))?;
            if kind.is_dir() {
                open.push((path, format!("{name}/")));
            } else {
                // A link to a directory is not followed, so that no loop of links can hold the import.
                let is_json = path.is_file()
                    && path
                        .extension()
                        .is_some_and(|extension| extension == "json");
                found.push(File {
                    path,
                    name,
                    is_json,
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

/// What the directory's own path says, for one that is itself the folder of an account or a Region.
pub(crate) fn root_location(dir: &Path) -> Location {
    let path = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    let names: Vec<String> = path
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let last_two = names.len().saturating_sub(2);
    of_folders(names.iter().skip(last_two).map(String::as_str))
}

fn unreadable(path: &Path, source: std::io::Error) -> ImportError {
    ImportError::Unreadable {
        path: path.display().to_string(),
        source,
    }
}
