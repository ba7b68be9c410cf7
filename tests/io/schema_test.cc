#include "io/schema.h"

#include <doctest/doctest.h>

#include <set>

#include "base/text.h"
#include "io/h5_fixtures.h"

namespace fovea::io {
namespace {

TEST_CASE("schema: the table is sound") {
  std::set<std::string_view> names;
  for (const SchemaSpec& schema : schemas()) {
    CAPTURE(schema.name);
    CHECK(names.insert(schema.name).second);
    CHECK(find_schema(schema.name) == &schema);
    std::set<std::string> symbols;
    std::set<std::string_view> paths;
    for (const FieldSpec& spec : schema.fields) {
      CAPTURE(spec.path);
      CHECK(paths.insert(spec.path).second);
      CHECK(find_field(schema, spec.path) == &spec);
      CHECK_FALSE(spec.axes.empty());
      CHECK_FALSE(spec.meaning.empty());
      for (const std::string& axis : split(spec.extents, ',')) symbols.insert(axis.substr(0, axis.find('+')));
    }
    for (const FieldSpec& spec : schema.fields) {
      if (!spec.offsets_into.empty()) CHECK(symbols.contains(std::string(spec.offsets_into)));
      if (spec.indices) CHECK((spec.high.empty() || symbols.contains(std::string(spec.high))));
    }
    for (const std::string_view symbol : schema.joined) CHECK(symbols.contains(std::string(symbol)));
  }
}

TEST_CASE("schema: exact names win over patterns, and order is the table's") {
  const SchemaSpec& schema = *find_schema("fovea.checkpoint");
  CHECK(find_field(schema, "training/log/step")->type == "int64");
  CHECK(find_field(schema, "training/log/loss")->type == "float64");
  CHECK(find_field(schema, "model/conv1/weight")->finite);
  CHECK(find_field(schema, "other") == nullptr);
  CHECK(schema_order(&schema, {"zzz", "labels", "model/b/w", "model/a/w", "model/network"}) ==
        std::vector<std::string>{"model/network", "model/a/w", "model/b/w", "labels", "zzz"});
}

TEST_CASE("schema: the man page names every dataset") {
  const std::string page = render_man5();
  CHECK(page.starts_with(".TH FOVEA"));
  for (const char* part : {"objects/difficult", "fovea.adversarial 1.0", "content_hash", "training/log/<column>"}) {
    CHECK(page.find(part) != std::string::npos);
  }
}

}  // namespace
}  // namespace fovea::io
