// .npy: "\x93NUMPY", version, length, a Python dict of type, order and shape, then the numbers. .npz: a zip of them.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>

#include "exchange/import/byte_stream.hpp"
#include "exchange/import/other_kinds.hpp"
#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"
#include "pool3/numbers.hpp"
#include "pool3/text.hpp"
#include "pool3/text/utf8.hpp"
#include "pool3/types.hpp"

namespace pool3::exchange {
namespace {

constexpr std::size_t most_header_bytes = 65536;
constexpr std::size_t most_item_bytes = std::size_t{1} << 16;
constexpr std::size_t piece_items = 65536;

struct Header {
  char kind = 'f';  ///< b, i, u, f; U and S of texts
  bool swapped = false;
  std::size_t item_bytes = 4;
  bool by_columns = false;
  std::vector<std::int64_t> shape;
};

/// The text between `before` and `after`; "" if they are not there.
std::string between(const std::string& text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find(after, begin + before.size());
  return end == std::string::npos ? std::string() : text.substr(begin + before.size(), end - begin - before.size());
}

std::int64_t whole_number(std::string_view text, const Place& place) {
  const std::int64_t value = pool3::parse_number<std::int64_t>(text).value_or(-1);
  if (value < 0) throw error_at(place, "its shape can't be read");
  return value;
}

std::vector<std::int64_t> shape_of(const std::string& tuple, const Place& place) {
  std::vector<std::int64_t> shape;
  std::int64_t elements = 1;
  for (std::size_t at = 0; at < tuple.size();) {
    const std::size_t comma = std::min(tuple.find(',', at), tuple.size());
    std::string_view word = std::string_view(tuple).substr(at, comma - at);
    while (word.starts_with(' ')) word.remove_prefix(1);
    at = comma + 1;
    if (word.empty()) continue;
    shape.push_back(whole_number(word, place));
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / std::int64_t{most_item_bytes};
    if (shape.back() != 0 && elements > most / shape.back()) throw error_at(place, "its shape is impossible");
    elements *= std::max<std::int64_t>(shape.back(), 1);
  }
  return shape;
}

void read_type(Header& header, const std::string& descr, const Place& place) {
  if (descr.find('O') != std::string::npos)
    throw error_at(place, "it holds Python objects",
                   "save numbers or texts: X.astype('float32') of features, y.astype(str) of labels");
  if (descr.empty())
    throw error_at(place, "its items have several fields",
                   "save one array of its numbers, as numpy.lib.recfunctions.structured_to_unstructured makes it, and "
                   "one of its labels");
  constexpr const char* other_type = "save another: X.astype('float32') of features, y.astype(str) of labels";
  const bool known = descr.size() >= 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos &&
                     std::string_view("biufUS").find(descr[1]) != std::string_view::npos;
  if (!known) throw error_at(place, fmt::format("its type {} is not known", one_line(descr)), other_type);
  header.kind = descr[1];
  header.swapped = descr[0] == '>';
  header.item_bytes = index(whole_number(std::string_view(descr).substr(2), place));
  if (header.kind == 'U') header.item_bytes *= 4;
  const bool number = header.kind != 'U' && header.kind != 'S';
  const bool fits = number ? std::has_single_bit(header.item_bytes) && header.item_bytes <= 8 &&
                                 !(header.kind == 'f' && header.item_bytes == 1)
                           : header.item_bytes > 0 && header.item_bytes <= most_item_bytes;
  if (!fits) throw error_at(place, fmt::format("its type {} is not known", descr), other_type);
}

Header read_header(Stream& stream) {
  const auto take = [&](std::size_t count) {
    std::string bytes(count, '\0');
    if (stream.read(bytes) != count) throw error_at(stream.place(), "it ends in its header");
    return bytes;
  };
  const std::string magic = take(8);
  if (!magic.starts_with("\x93NUMPY")) throw error_at(stream.place(), "it is no array of NumPy");
  const std::string length = take(magic[6] == 1 ? 2 : 4);
  std::size_t bytes = 0;
  for (std::size_t i = length.size(); i-- > 0;) bytes = bytes << 8U | static_cast<unsigned char>(length[i]);
  if (bytes > most_header_bytes) throw error_at(stream.place(), "its header is too long");
  const std::string text = take(bytes);
  Header header;
  read_type(header, between(text, "'descr': '", "'"), stream.place());
  header.by_columns = text.find("'fortran_order': True") != std::string::npos;
  header.shape = shape_of(between(text, "'shape': (", ")"), stream.place());
  return header;
}

template <typename T>
T value_of(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// REQUIRES: a number, in the machine's order.
double number_of(const Header& h, const char* bytes) {
  if (h.kind == 'b') return *bytes != 0 ? 1 : 0;
  if (h.kind == 'f') {
    if (h.item_bytes == 2) return static_cast<double>(float_of_half(value_of<std::uint16_t>(bytes)));
    return h.item_bytes == 4 ? static_cast<double>(value_of<float>(bytes)) : value_of<double>(bytes);
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes, h.item_bytes);
  if (h.kind == 'u') return static_cast<double>(bits);
  const unsigned empty = 64 - 8 * static_cast<unsigned>(h.item_bytes);
  return static_cast<double>(static_cast<std::int64_t>(bits << empty) >> empty);
}

std::string text_of(const Header& h, const char* bytes) {
  if (h.kind == 'S') return {bytes, std::find(bytes, bytes + h.item_bytes, '\0')};
  if (h.kind == 'U') {
    std::string text;
    for (std::size_t at = 0; at < h.item_bytes; at += 4) {
      const auto code = value_of<std::uint32_t>(bytes + at);
      if (code == 0) break;
      append_utf8(text, code);
    }
    return text;
  }
  if (h.kind == 'i' && h.item_bytes == 8) return fmt::to_string(value_of<std::int64_t>(bytes));
  if (h.kind == 'u' && h.item_bytes == 8) return fmt::to_string(value_of<std::uint64_t>(bytes));
  return number_as_label(number_of(h, bytes));
}

/// Reads items in the machine's order. Throws Error where there are fewer than the header says.
void read_items(Stream& stream, const Header& h, std::size_t count, std::string& bytes) {
  bytes.resize(count * h.item_bytes);
  if (stream.read(bytes) != bytes.size())
    throw error_at(stream.place(), "it ends before its last number", "copy it again");
  const std::size_t unit = h.kind == 'U' ? 4 : h.kind == 'S' ? 1 : h.item_bytes;
  if (h.swapped && unit > 1)
    for (std::size_t at = 0; at < bytes.size(); at += unit) std::reverse(&bytes[at], &bytes[at] + unit);
}

Stream open_array(const std::string& path, const std::string& array) {
  return array.empty() ? Stream(path) : Stream(path, array + ".npy");
}

class NpyTable : public TableReader {
 public:
  NpyTable(const std::string& path, const std::string& array)
      : stream_(open_array(path, array)), header_(read_header(stream_)) {
    const auto wide = [](std::int64_t n) { return n != 1; };
    const auto& shape = header_.shape;
    if (shape.size() < 2 || std::count_if(shape.begin() + 1, shape.end(), wide) > 1)
      throw error_at(stream_.place(),
                     fmt::format("its array has {} dimensions{}{}", shape.size(), shape.empty() ? "" : ": ",
                                 fmt::join(shape, " x ")),
                     "features have two: rows and width; others may be 1: X.reshape(len(X), -1)");
    if (header_.kind == 'U' || header_.kind == 'S')
      throw error_at(stream_.place(), "its array holds texts, not numbers");
    facts.rows = shape[0];
    facts.width = std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
  }

  void read(std::span<float> out) override {
    if (header_.by_columns) return read_across(out);
    std::string bytes;
    for (std::size_t at = 0; at < out.size(); at += piece_items) {
      const std::size_t count = std::min(piece_items, out.size() - at);
      read_items(stream_, header_, count, bytes);
      for (std::size_t i = 0; i < count; ++i)
        out[at + i] = static_cast<float>(number_of(header_, &bytes[i * header_.item_bytes]));
    }
  }

 private:
  /// Of an array that lies column by column, all of which is kept: it grows as the file gives it.
  void read_across(std::span<float> out) {
    const std::size_t all = index(facts.rows) * index(facts.width);
    std::string bytes;
    while (columns_.size() < all) {
      const std::size_t count = std::min(piece_items, all - columns_.size());
      read_items(stream_, header_, count, bytes);
      for (std::size_t i = 0; i < count; ++i)
        columns_.push_back(static_cast<float>(number_of(header_, &bytes[i * header_.item_bytes])));
    }
    const std::size_t width = index(facts.width);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = columns_[(i % width) * index(facts.rows) + index(next_) + i / width];
    next_ += static_cast<std::int64_t>(out.size() / width);
  }

  Stream stream_;
  Header header_;
  std::vector<float> columns_;
  std::int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<TableReader> open_npy(const std::string& path, const std::string& array) {
  return std::make_unique<NpyTable>(path, array);
}

std::vector<std::string> read_npy_column(const std::string& path, const std::string& array) {
  Stream stream = open_array(path, array);
  const Header header = read_header(stream);
  if (header.shape.empty()) throw error_at(stream.place(), "it has no rows");
  if (header.shape.size() > 1 && header.shape[1] != 1) {
    NpyTable table(path, array);
    return one_hot_labels(table, stream.place());
  }
  std::vector<std::string> texts;
  std::string bytes;
  while (std::ssize(texts) < header.shape[0]) {
    const std::size_t count = std::min(piece_items, index(header.shape[0]) - texts.size());
    read_items(stream, header, std::min(count, std::max<std::size_t>(1, (piece_items * 8) / header.item_bytes)), bytes);
    for (std::size_t at = 0; at < bytes.size(); at += header.item_bytes) texts.push_back(text_of(header, &bytes[at]));
  }
  return texts;
}

std::vector<NpzArray> npz_arrays(const std::string& path) {
  std::vector<NpzArray> arrays;
  Stream stream = Stream::of_zip(path);
  bool any = false;
  for (std::string entry; stream.next(entry);) {
    if (!entry.ends_with(".npy")) {
      if (const OtherKind* const other = other_zip(entry)) throw error_at(stream.place(), other->cause, other->advice);
      continue;
    }
    any = true;
    const std::string name = entry.substr(0, entry.size() - 4);
    try {
      arrays.push_back({.name = name, .shape = read_header(stream).shape});
    } catch (const Error&) {
      arrays.push_back({.name = name, .shape = {}, .readable = false});
    }
  }
  if (!any) throw error_at(stream.place(), "a zip without arrays of NumPy", "unpack it first");
  return arrays;
}

}  // namespace pool3::exchange
