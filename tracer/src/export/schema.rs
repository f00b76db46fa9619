//! The schemas in docs/schema and the page docs/json.md, generated from the objects
//! themselves, and tests that exports agree with them.

use std::{borrow::Cow, collections::BTreeMap, fs, path::PathBuf};

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    json_schema,
    transform::{RecursiveTransform, Transform},
};
use serde_json::{Map, Value, json};

use super::{
    diagnosis::DiagnosisObject,
    events_json::EventObject,
    findings::FindingObject,
    json::{Keyed, WallTime},
    owners::OwnerObject,
    process_object::ProcessObject,
    survey::{MissingObject, SurveyObject, UnreadableObject},
    table_schema,
    value::{FaultClasses, KnownRegions, RegionFaults, StateTimes},
};
use crate::event::{FaultClass, Region, TaskState, file_name};

/// A kind of JSON that tracer prints.
pub struct Described {
    /// Name of the schema's file.
    pub name: &'static str,
    title: &'static str,
    command: &'static str,
    generate: fn(SchemaGenerator) -> Schema,
}

macro_rules! described {
    ($($name:literal $title:literal $command:literal: $object:ty;)*) => {
        &[$(Described {
            name: $name,
            title: $title,
            command: $command,
            generate: |generator| generator.into_root_schema_for::<$object>(),
        },)*]
    };
}

pub const DESCRIBED: &[Described] = described! {
    "process" "Processes" "tracer replay FILE --json": ProcessObject;
    "event" "Events" "tracer replay FILE --events --json": EventObject;
    "finding" "Findings" "tracer replay FILE --report=findings --json": FindingObject;
    "owner" "Owners of zombies" "tracer replay FILE --report=zombies --json": OwnerObject;
    "recording" "A recording" "tracer info FILE --json": SurveyObject;
    "missing" "Missing segments" "tracer info DIRECTORY --json": MissingObject;
    "unreadable" "An unreadable segment" "tracer info DIRECTORY --json": UnreadableObject;
    "host" "A host" "tracer doctor --json": DiagnosisObject;
};

impl Described {
    /// Returns the schema (JSON Schema, draft 2020-12).
    pub fn schema(&self) -> Value {
        let schema = (self.generate)(generator());
        finished(schema, &format!("{}: {}", self.title, self.command))
    }
}

/// Returns a generator of schemas for what is written.
pub fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator()
}

/// Returns a schema with its title, and with descriptions of one line each.
pub fn finished(mut schema: Schema, title: &str) -> Value {
    let mut join = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    });
    join.transform(&mut schema);
    schema.insert("title".to_owned(), json!(title));
    schema.to_value()
}

/// Returns all schemas with the names of their files.
fn schemas() -> impl Iterator<Item = (&'static str, Value)> {
    let objects = DESCRIBED.iter().map(|it| (it.name, it.schema()));
    objects.chain([("report", table_schema::schema())])
}

impl JsonSchema for WallTime {
    fn schema_name() -> Cow<'static, str> {
        "WallTime".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl<T: JsonSchema> JsonSchema for Keyed<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Keyed{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}

/// Returns the schema of an object with a key for each row of a table: name and meaning.
fn keyed<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    rows: impl Iterator<Item = (String, String)>,
) -> Schema {
    let value = generator.subschema_for::<T>();
    let mut properties = Map::new();
    for (name, meaning) in rows {
        let mut value = value.clone();
        value.insert("description".to_owned(), json!(meaning));
        properties.insert(name, value.to_value());
    }
    let names: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    json_schema!({"type": "object", "properties": properties, "required": names})
}

macro_rules! schema_of {
    ($type:ident: $value:ty, $name:literal, $rows:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                keyed::<$value>(generator, $rows)
            }
        }
    };
}

schema_of!(FaultClasses: Option<u64>, "FaultClasses", FaultClass::ALL.iter().map(|class| {
    (class.name().to_owned(), format!("Faults: {}.", class.title()))
}));
schema_of!(KnownRegions: RegionFaults, "KnownRegions", Region::ALL.iter().map(|region| {
    let memory = match region {
        Region::Heap => "`brk` memory",
        Region::Stack => "the main stack",
        Region::File => "private mappings of files",
        Region::Anonymous => "other private memory, including thread stacks",
        Region::Shared => "shared mappings",
    };
    (region.name().to_owned(), format!("Faults on {memory}."))
}));
schema_of!(StateTimes: u64, "StateTimes", TaskState::ALIVE.iter().map(|state| {
    let name = state.name();
    (format!("{name}_ns"), format!("Time in state {name}, ns."))
}));

/// Checks a value against a schema, and that every key is in the schema. Knows the
/// keywords that the schemas have, and panics at any other.
pub fn check(root: &Value, value: &Value) -> Result<(), String> {
    closed(root, root, value)
}

fn closed(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let known = keys(root, schema, value)?;
    match value
        .as_object()
        .and_then(|object| object.keys().find(|key| !known.contains(key)))
    {
        Some(key) => Err(format!("{key} is not in the schema")),
        None => Ok(()),
    }
}

/// Checks a value. Returns the keys that the schema describes.
fn keys(root: &Value, schema: &Value, value: &Value) -> Result<Vec<String>, String> {
    let mut known = Vec::new();
    for (keyword, of) in schema.as_object().ok_or("a schema is an object")? {
        let fits = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                known.extend(keys(root, target(root, of), value)?);
                true
            }
            "type" => match of {
                Value::Array(types) => types.iter().any(|name| is_type(name, value)),
                name => is_type(name, value),
            },
            "const" => value == of,
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= of.as_i64().unwrap()),
            "maximum" => value
                .as_u64()
                .is_none_or(|number| number <= of.as_u64().unwrap()),
            "required" => {
                let names = of.as_array().unwrap().iter().filter_map(Value::as_str);
                match value
                    .as_object()
                    .and_then(|object| names.clone().find(|name| !object.contains_key(*name)))
                {
                    Some(name) => return Err(format!("{name} is missing")),
                    None => true,
                }
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    closed(root, of, item)?;
                }
                true
            }
            "properties" => {
                for (name, of) in of.as_object().unwrap() {
                    known.push(name.clone());
                    if let Some(value) = value.get(name) {
                        closed(root, of, value).map_err(|error| format!("{name}: {error}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    closed(root, of, value).map_err(|error| format!("{name}: {error}"))?;
                    known.push(name.clone());
                }
                true
            }
            "anyOf" | "oneOf" => {
                let all = of.as_array().unwrap().iter();
                let results: Vec<_> = all.map(|schema| keys(root, schema, value)).collect();
                let fitting = results.iter().filter(|result| result.is_ok()).count();
                if fitting == 0 || (keyword == "oneOf" && fitting > 1) {
                    return Err(format!("{fitting} of {keyword} fit {value}: {results:?}"));
                }
                known.extend(results.into_iter().flatten().flatten());
                true
            }
            other => panic!("unknown keyword {other}"),
        };
        if !fits {
            return Err(format!("{value} does not fit {keyword} {of}"));
        }
    }
    Ok(known)
}

fn target<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
    root.pointer(pointer).unwrap()
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}

const CONVENTIONS: &str = include_str!("json_conventions.md");

/// Returns the text of docs/json.md.
fn page() -> String {
    let mut page = CONVENTIONS.to_owned();
    let mut objects = BTreeMap::new();
    for described in DESCRIBED {
        let schema = described.schema();
        let name = described.name;
        page += &format!(
            "\n## {}\n\n`{}` ([schema](schema/{name}.json))\n\n{}\n",
            described.title,
            described.command,
            schema["description"].as_str().unwrap()
        );
        page += &table(&schema);
        if schema["oneOf"].is_array() {
            page += "| `event` | string | Kind: one of the headings below. |\n";
        }
        for variant in schema["oneOf"].as_array().into_iter().flatten() {
            let mut variant = variant.clone();
            let kind = variant["properties"]["event"]["const"]
                .as_str()
                .unwrap()
                .to_owned();
            if let Some(of) = variant.get("$ref") {
                let of = target(&schema, of).clone();
                let properties = variant["properties"].as_object_mut().unwrap();
                properties.extend(of["properties"].as_object().unwrap().clone());
            }
            variant["properties"]
                .as_object_mut()
                .unwrap()
                .shift_remove("event");
            page += &format!(
                "\n### `{kind}`\n\n{}\n",
                variant["description"].as_str().unwrap()
            );
            page += &table(&variant);
        }
        for (name, object) in schema["$defs"].as_object().into_iter().flatten() {
            let is_kind = schema["oneOf"].as_array().is_some_and(|kinds| {
                kinds
                    .iter()
                    .any(|kind| kind["$ref"] == format!("#/$defs/{name}"))
            });
            if !is_kind || page.contains(&link(name)) {
                let old = objects.insert(name.clone(), object.clone());
                assert!(
                    old.is_none_or(|old| old == *object),
                    "two objects named {name}"
                );
            }
        }
    }
    page += "\n## Objects\n";
    for (name, object) in &objects {
        let about = object["description"].as_str();
        page += &format!("\n### {name}\n\n{}\n", about.unwrap_or("One key for each."));
        page += &table(object);
    }
    page
}

/// Returns the table of an object's keys.
fn table(object: &Value) -> String {
    let properties = object["properties"].as_object();
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
        return String::new();
    };
    let mut table = "\n| key | type | meaning |\n|---|---|---|\n".to_owned();
    for (name, schema) in properties {
        let meaning = schema["description"].as_str().unwrap_or_default();
        let row = format!("| `{name}` | {} | {meaning} |\n", type_of(schema));
        table += &row;
    }
    table
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}

fn type_of(schema: &Value) -> String {
    if let Some(of) = schema["$ref"].as_str() {
        return link(of.rsplit('/').next().unwrap());
    }
    if let Some(several) = schema["anyOf"].as_array() {
        return several.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    let one = |name: &str| match name {
        "array" => format!("array of {}", type_of(&schema["items"])),
        "object" => match schema.get("additionalProperties") {
            Some(value) => format!("object of {}", type_of(value)),
            None => "object".to_owned(),
        },
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(one);
            names.collect::<Vec<_>>().join(" or ")
        }
        other => panic!("no type: {other} in {schema}"),
    }
}

fn docs(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).join(file)
}

#[test]
fn schemas_and_page_are_up_to_date() {
    let schemas = schemas().map(|(name, schema)| {
        let text = format!("{schema:#}\n");
        (docs(&format!("schema/{name}.json")), text)
    });
    for (path, text) in schemas.chain([(docs("json.md"), page())]) {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let file = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            file == text,
            "{} is out of date: UPDATE_GOLDEN=1",
            file_name(&path)
        );
    }
}

#[test]
fn every_key_is_described() {
    fn visit(name: &str, schema: &Value) {
        let properties = schema["properties"].as_object();
        for (key, of) in properties.into_iter().flatten() {
            let is_tag = key == "event";
            assert!(
                is_tag || of["description"].is_string(),
                "{name}: {key} has no description"
            );
        }
        let parts = ["$defs", "oneOf", "anyOf"].map(|part| schema.get(part));
        for part in parts.into_iter().flatten() {
            match part {
                Value::Object(parts) => parts.iter().for_each(|(name, of)| visit(name, of)),
                Value::Array(parts) => parts.iter().for_each(|of| visit(name, of)),
                _ => {}
            }
        }
    }
    for (name, schema) in schemas() {
        visit(name, &schema);
    }
}

#[test]
fn wrong_values_do_not_pass() {
    let schema = DESCRIBED[2].schema();
    let right = json!({"table": "findings", "kind": "lost", "process": {"pid": 1, "start_ns": 2}, "comm": null, "count": 3,
        "since_ns": null, "since_time": null, "until_ns": 5, "until_time": null, "says": ""});
    assert_eq!(check(&schema, &right), Ok(()));
    let wrong = |change: fn(&mut Map<String, Value>)| {
        let mut object = right.as_object().unwrap().clone();
        change(&mut object);
        check(&schema, &Value::Object(object)).unwrap_err()
    };
    assert!(wrong(|it| drop(it.remove("comm"))).contains("comm is missing"));
    assert!(wrong(|it| drop(it.insert("new".into(), json!(1)))).contains("not in the schema"));
    assert!(wrong(|it| it["count"] = json!("3")).contains("count: "));
    assert!(wrong(|it| it["count"] = json!(-3)).contains("minimum"));
    assert!(wrong(|it| it["process"]["pid"] = json!(null)).contains("process: "));
}
