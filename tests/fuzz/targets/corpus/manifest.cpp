// Any bytes as a CSV table, a TSV table, a text list, JSON lines and a JSON document.

#include <cstdlib>
#include <string>

#include "corpus/tables/table.hpp"
#include "pool3/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* name : {"t.csv", "t.tsv", "t.txt", "t.jsonl", "t.json"}) {
    std::int64_t rows = 0;
    std::int64_t last_line = 0;
    try {
      pool3::corpus::TextInput input(name, text);
      const auto shape = pool3::corpus::read_table(input, {}, [&](const pool3::corpus::TableRow& row) {
        const bool has_lines = std::string_view(name) != "t.json";  // else values, which may share a line
        if (row.path.empty() || row.line < last_line || (has_lines && row.line == last_line)) std::abort();
        last_line = row.line;
        ++rows;
      });
      if (shape.rows != rows) std::abort();
    } catch (const pool3::Error& error) {
      if (error.fields().path.find(name) == std::string::npos) std::abort();
    }
  }
  return 0;
}
