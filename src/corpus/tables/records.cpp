#include "corpus/tables/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

/// Longest field; a path is shorter, and a label that is longer is no label.
constexpr std::size_t max_field_bytes = 1U << 20U;
/// Fields of a row, far more than spreadsheets have of use. They bound the memory that one takes.
constexpr std::size_t max_fields = 16384;
constexpr const char* quoting = "put the field in quotes, and double each quote in it";

}  // namespace

void fail_at(const std::string& path, std::int64_t line, std::string cause, std::string advice) {
  throw Error({.stage = stage,
               .path = fmt::format("{}:{}", path, line),
               .cause = std::move(cause),
               .advice = std::move(advice)});
}

std::optional<char> named_separator(std::string_view text) {
  constexpr std::string_view name = "sep=";
  if (text.size() <= name.size() || lower_case(text.substr(0, name.size())) != name) return std::nullopt;
  const char separator = text[name.size()];
  if (separator == '\n' || separator == '\r' || separator == '"') return std::nullopt;
  const std::string_view rest = text.substr(name.size() + 1);
  const bool ends = rest.empty() || rest.starts_with('\n') || rest.starts_with("\r\n");
  return ends ? std::optional(separator) : std::nullopt;
}

void RecordReader::skip_named_separator() {
  if (!named_separator(input_.ahead())) return;
  while (input_.peek() != TextInput::end && input_.peek() != '\n') input_.skip();
  end_line();
}

bool RecordReader::next(Record& record) {
  if (separator_ && line_ == 1) skip_named_separator();
  while (input_.peek() != TextInput::end) {
    record.line = line_;
    record.count = 0;
    do {
      if (record.count == max_fields) {
        fail_at(input_.path(), record.line, fmt::format("a row of more than {} fields", max_fields));
      }
      field(next_field(record));
    } while (separator_ && input_.take(*separator_));
    end_line();
    const auto end = record.fields.begin() + static_cast<std::ptrdiff_t>(record.count);
    if (std::any_of(record.fields.begin(), end, [](const std::string& text) { return !text.empty(); })) return true;
  }
  return false;
}

std::string& RecordReader::next_field(Record& record) {
  if (record.fields.size() == record.count) record.fields.emplace_back();
  std::string& field = record.fields[record.count++];
  field.clear();
  return field;
}

void RecordReader::field(std::string& value) {
  if (separator_ && input_.take('"')) {
    quoted(value);
  } else {
    plain(value);
  }
}

void RecordReader::plain(std::string& value) {
  while (!at_field_end()) {
    // Inches and the like stay as they are, as in pandas. Behind blanks alone, a quote was meant to begin the field.
    if (separator_ && input_.peek() == '"' && trimmed_view(value).empty()) {
      fail_at(input_.path(), line_, "a quote behind a blank, in a field that is not quoted",
              "take the blank before the quote away, or put the field in quotes, and double each quote in it");
    }
    take_byte(value);
    value += input_.take_until(
        [this](char c) { return c == separator_ || c == '\n' || c == '\r' || c == '\0' || c == '"'; });
  }
}

/// After the opening quote.
void RecordReader::quoted(std::string& value) {
  const std::int64_t begin_line = line_;
  for (;;) {
    value += input_.take_until([](char c) { return c == '"' || c == '\n' || c == '\0'; });
    const int c = input_.peek();
    if (c == TextInput::end) fail_at(input_.path(), begin_line, "a quote is not closed", quoting);
    if (c == '"' && input_.peek(1) != '"') break;
    if (c == '"') input_.skip();
    take_byte(value);
    if (c == '\n') ++line_;
  }
  input_.skip();
  if (!at_field_end()) fail_at(input_.path(), line_, "text after a closing quote", quoting);
}

/// REQUIRES: not at the end.
void RecordReader::take_byte(std::string& value) {
  const auto c = static_cast<char>(input_.peek());
  if (c == '\0') {
    fail_at(input_.path(), line_, "a NUL byte, so this is not text",
            "a corpus is a folder, a .csv or .tsv table, a text list of paths, or a tar file");
  }
  if (value.size() >= max_field_bytes) fail_at(input_.path(), line_, "a field of more than 1 MiB");
  input_.skip();
  value += c;
}

bool RecordReader::at_field_end() {
  const int c = input_.peek();
  return c == TextInput::end || c == separator_ || at_line_end();
}

bool RecordReader::at_line_end() {
  const int c = input_.peek();
  return c == '\n' || (c == '\r' && (input_.peek(1) == '\n' || input_.peek(1) == TextInput::end));
}

void RecordReader::end_line() {
  static_cast<void>(input_.take('\r'));
  static_cast<void>(input_.take('\n'));
  ++line_;
}

}  // namespace pool3::corpus
