#include "store/features/value_checks.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

#include "pool3/files.hpp"
#include "store/format_names.hpp"

namespace pool3::store {
namespace {

/// Bytes that one step looks at, in a few vectors of any CPU side by side.
constexpr std::size_t step_bytes = 128;

/// True if no number has an exponent of ones alone, as NaN and the infinities have. Adding 1 at the exponent's last bit
/// then reaches no sign bit.
template <typename Word, Word without_sign, Word exponent_one>
bool all_finite(std::span<const std::byte> bytes) {
  std::array<Word, step_bytes / sizeof(Word)> reached = {};
  const auto look = [&](std::span<const std::byte> some) {
    std::array<Word, step_bytes / sizeof(Word)> words = {};
    std::memcpy(words.data(), some.data(), some.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      reached[i] |= static_cast<Word>((words[i] & without_sign) + exponent_one);
    }
  };
  for (; bytes.size() >= step_bytes; bytes = bytes.subspan(step_bytes)) look(bytes.first(step_bytes));
  if (!bytes.empty()) look(bytes);
  Word any = 0;
  for (const Word word : reached) any |= word;
  return (any & static_cast<Word>(~without_sign)) == 0;
}

bool all_finite(std::span<const std::byte> bytes, FeatureType type) {
  return type == FeatureType::float16 ? all_finite<std::uint16_t, 0x7fffU, 0x0400U>(bytes)
                                      : all_finite<std::uint32_t, 0x7fffffffU, 0x00800000U>(bytes);
}

/// `problem(value)` is a text for a value that can't be.
template <typename T, typename Problem>
void check_rows(const Tables& tables, Row first, std::span<const T> values, Problem problem) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string found = problem(values[i]);
    if (found.empty()) continue;
    throw error_at(tables.file.place(), fmt::format("row {}: {}", first + static_cast<Row>(i), found), damaged_advice);
  }
}

}  // namespace

std::string label_problem(std::int32_t label, std::int64_t classes) {
  return label >= -1 && label < classes ? std::string() : fmt::format("label {} has no class", label);
}

std::string status_problem(RowStatus status) {
  if (status == RowStatus::pending) return "pending";
  const auto code = static_cast<std::size_t>(status);
  return code < row_status_names.size() ? std::string() : fmt::format("status {} does not exist", code);
}

std::int64_t first_not_finite(std::span<const std::byte> features, FeatureType type, std::int64_t row_bytes) {
  if (all_finite(features, type)) return -1;
  const auto width = static_cast<std::size_t>(row_bytes);
  for (std::size_t row = 0; (row + 1) * width <= features.size(); ++row) {
    if (!all_finite(features.subspan(row * width, width), type)) return static_cast<std::int64_t>(row);
  }
  return -1;
}

std::optional<ImageKey> parse_key(std::string_view digits) {
  if (digits.size() != key_width) return std::nullopt;
  ImageKey key;
  for (auto* word : {&key.high, &key.low}) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + 16, *word, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + 16) return std::nullopt;
    digits.remove_prefix(16);
  }
  return key;
}

void check_labels(const Tables& tables, Row first, std::span<const std::int32_t> values) {
  const std::int64_t classes = tables.classes.rows();
  check_rows(tables, first, values, [&](std::int32_t label) { return label_problem(label, classes); });
}

void check_status(const Tables& tables, Row first, std::span<const RowStatus> values) {
  check_rows(tables, first, values, status_problem);
}

void check_failures(const Tables& tables, std::span<const Failure> failures) {
  Row last = -1;
  for (const Failure& failure : failures) {
    if (failure.row <= last || failure.row >= tables.rows) {
      throw error_at(tables.file.place(), fmt::format("failures: row {} is out of order", failure.row), damaged_advice);
    }
    last = failure.row;
  }
}

}  // namespace pool3::store
