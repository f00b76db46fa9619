//! The schema of the rows of the report's tables, generated from the tables and the objects in
//! their cells.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    findings::FindingObject,
    json::WallTime,
    owners::OwnerObject,
    schema::{finished, generator},
    tables_json::{CountedEnd, EndOfProcess, NamedProcess, NamedSignal, SignalSender},
};
use crate::report::{Column, Holds, TABLES, TableKind};

/// Returns the schema of a row of any table (JSON Schema, draft 2020-12).
pub fn schema() -> Value {
    let mut generator = generator();
    let rows = TABLES.iter().map(|table| row(&mut generator, table));
    let rows: Vec<Value> = rows.map(|row| row.to_value()).collect();
    let schema = json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "A row of a table of the report.",
        "oneOf": rows,
        "$defs": generator.take_definitions(true),
    });
    finished(
        schema,
        "Rows of the report: tracer replay FILE --report=SECTION --json",
    )
}

fn row(generator: &mut SchemaGenerator, table: &TableKind) -> Schema {
    let name = json!({"const": table.name, "description": "Name of the table."});
    match table.name {
        "owners" => return of_format::<OwnerObject>(generator, name),
        "findings" => return of_format::<FindingObject>(generator, name),
        _ => {}
    }
    let mut properties = Map::from_iter([("table".to_owned(), name)]);
    for column in table.columns {
        for (key, mut schema) in columns(generator, column) {
            schema.insert("description".to_owned(), json!(column.about));
            properties.insert(key, schema.to_value());
        }
    }
    let names: Vec<&String> = properties.keys().collect();
    let required = json!(names);
    json_schema!({
        "type": "object",
        "description": table.about,
        "properties": properties,
        "required": required,
    })
}

/// Returns the schema of a row that is an object of another format.
fn of_format<T: JsonSchema>(generator: &mut SchemaGenerator, table: Value) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    schema.insert("properties".to_owned(), json!({"table": table}));
    schema
}

/// Returns the keys of a column with their schemas. Any value may be null.
fn columns(generator: &mut SchemaGenerator, column: &Column) -> Vec<(String, Schema)> {
    let schema = match column.holds {
        Holds::Time => {
            return vec![
                (
                    format!("{}_ns", column.key),
                    generator.subschema_for::<Option<u64>>(),
                ),
                (
                    format!("{}_time", column.key),
                    generator.subschema_for::<Option<WallTime>>(),
                ),
            ];
        }
        Holds::Number => generator.subschema_for::<Option<u64>>(),
        Holds::Flag => generator.subschema_for::<Option<bool>>(),
        Holds::Text => generator.subschema_for::<Option<String>>(),
        Holds::Arguments => generator.subschema_for::<Option<Vec<String>>>(),
        Holds::Process => generator.subschema_for::<Option<NamedProcess>>(),
        Holds::Signal => generator.subschema_for::<Option<NamedSignal>>(),
        Holds::Outcome => generator.subschema_for::<Option<EndOfProcess>>(),
        Holds::Outcomes => generator.subschema_for::<Option<Vec<CountedEnd>>>(),
        Holds::Sender => generator.subschema_for::<Option<SignalSender>>(),
    };
    vec![(column.key.to_owned(), schema)]
}
