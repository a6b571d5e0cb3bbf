//! `[brand]`: the files it names are read here, once.

use super::values::write;
use crate::brand::{Accent, BadText, Brand, Colour, Logo, MOST_LOGO_BYTES, TextFile};
use crate::config::key::Key;
use crate::config::raw::RawBrand;
use crate::config::report::{Mistake, Report};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads `[brand]`.
pub(crate) fn brand(report: &mut Report<'_>, raw: &RawBrand) -> Option<Brand> {
    let key = Key::section("brand");
    let name = match raw.name.as_deref().map(str::trim) {
        Some("") => Err(Mistake::new("must not be empty")),
        name => Ok(name.unwrap_or("Doorward").to_owned()),
    };
    let name = report.take(&key.field("name"), name);
    let logo = match raw.logo.as_deref() {
        Some(file) => report.take(&key.field("logo"), logo(Path::new(file))).map(Some),
        None => Some(None),
    };
    let accent = accent(report, &key, raw);
    let texts = match raw.texts.as_deref() {
        Some(folder) => texts(report, &key.field("texts"), Path::new(folder)),
        None => Some(Vec::new()),
    };
    Some(Brand::new(name?, logo?, accent?, texts?))
}

fn logo(file: &Path) -> Result<Logo, Mistake> {
    let bytes = read(file, MOST_LOGO_BYTES)?;
    Logo::read(bytes).ok_or_else(|| Mistake::new("is no SVG, PNG, JPEG or WebP"))
}

/// At most so many bytes of a file.
fn read(file: &Path, most: usize) -> Result<Vec<u8>, Mistake> {
    let unreadable = |error| Mistake::new(format!("the file cannot be read: {error}"));
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() > most {
        return Err(Mistake::new(format!("the file is larger than {} KiB", most / 1024)));
    }
    Ok(bytes)
}

fn accent(report: &mut Report<'_>, key: &Key, raw: &RawBrand) -> Option<Option<Accent>> {
    let mut read = |field: &str, text: Option<&String>, on: fn(Colour) -> (u32, Option<Colour>)| match text {
        Some(text) => report.take(&key.field(field), colour(text, on)).map(Some),
        None => Some(None),
    };
    let light = read("colour", raw.colour.as_ref(), Colour::on_light);
    let dark = read("colour_dark", raw.colour_dark.as_ref(), Colour::on_dark);
    match (light?, dark?) {
        (None, None) => Some(None),
        (Some(light), None) => Some(Some(Accent::from_light(light))),
        (Some(light), Some(dark)) => Some(Some(Accent { light, dark })),
        (None, Some(_)) => {
            let mistake = Mistake::new("needs `colour`").help("set the colour of light pages too".to_owned());
            report.error(&key.field("colour_dark"), mistake);
            None
        }
    }
}

fn colour(text: &str, on: fn(Colour) -> (u32, Option<Colour>)) -> Result<Colour, Mistake> {
    let colour = Colour::parse(text).ok_or_else(|| Mistake::new("not a colour").help(write("#0e5a4a")))?;
    match on(colour) {
        (_, None) => Ok(colour),
        (found, Some(better)) => {
            let ratio = format!("{}.{:02}", found / 100, found % 100);
            let message = format!("has a contrast of {ratio} to the page; text needs 4.5 (WCAG AA)");
            Err(Mistake::new(message).help(format!("the nearest that does is \"{better}\"")))
        }
    }
}

fn texts(report: &mut Report<'_>, key: &Key, folder: &Path) -> Option<Vec<TextFile>> {
    let files = report.take(key, text_files(folder))?;
    let mut read = Vec::new();
    let mut complete = true;
    for file in &files {
        match report.take(key, text_file(file)) {
            Some(texts) => {
                if let Some(missing) = texts.missing() {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    let help = format!("the first that it lacks is `{missing}`");
                    report.warn(
                        key,
                        Mistake::new(format!("`{name}` lacks texts, which are shown in English")).help(help),
                    );
                }
                read.push(texts);
            }
            None => complete = false,
        }
    }
    complete.then_some(read)
}

/// The files named `LANG.ftl`, in the order of their names.
fn text_files(folder: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let unreadable = |error| Mistake::new(format!("the folder cannot be read: {error}"));
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let is_text = |file: &PathBuf| file.extension() == Some(OsStr::new("ftl"));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(is_text).collect();
    files.sort();
    if files.is_empty() {
        return Err(Mistake::new("has no file named `LANG.ftl`, such as `en.ftl`"));
    }
    Ok(files)
}

fn text_file(file: &Path) -> Result<TextFile, Mistake> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let in_file = |message: String| Mistake::new(format!("in `{name}`: {message}"));
    let source = String::from_utf8(read(file, MOST_TEXT_BYTES)?).map_err(|_| in_file("it is no UTF-8".into()))?;
    let tag = file.file_stem().unwrap_or_default().to_string_lossy();
    TextFile::read(&tag, source).map_err(|bad| match bad {
        BadText::Tag => in_file("its name is no language tag such as `fr` or `pt-BR`".into()),
        BadText::Syntax { line } => in_file(format!("line {line} is no Fluent (https://projectfluent.org)")),
        BadText::UnknownText(id) => in_file(format!("no page has a text `{id}`")),
        BadText::UnknownVariable { text, variable } => in_file(format!("`{text}` has no variable `${variable}`")),
    })
}

const MOST_TEXT_BYTES: usize = 1024 * 1024;
