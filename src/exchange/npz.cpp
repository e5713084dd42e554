// The zip and .npy formats, as far as numpy.savez uses them: stored entries, version 1.0 headers.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/exchange.hpp"

namespace pool3 {
namespace {

template <typename Integer>
void append(std::string& bytes, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

class Zip {
 public:
  void add(const std::string& name, const std::string& bytes) {
    if (file_.size() + bytes.size() > 0x7FFFFFFF)
      throw Error({.stage = "export", .cause = "the model is too large for a .npz file"});
    const auto offset = static_cast<std::uint32_t>(file_.size());
    const std::string fields = entry(name, bytes);
    append(file_, std::uint32_t{0x04034B50});
    file_ += fields + name + bytes;
    append(directory_, std::uint32_t{0x02014B50});
    append(directory_, std::uint16_t{20});
    directory_ += fields;
    append(directory_, std::uint16_t{0});  // comment
    append(directory_, std::uint32_t{0});  // disk, internal attributes
    append(directory_, std::uint32_t{0});  // external attributes
    append(directory_, offset);
    directory_ += name;
    ++entries_;
  }

  [[nodiscard]] std::string finish() const {
    std::string out = file_ + directory_;
    append(out, std::uint32_t{0x06054B50});
    append(out, std::uint32_t{0});  // disks
    append(out, entries_);
    append(out, entries_);
    append(out, static_cast<std::uint32_t>(directory_.size()));
    append(out, static_cast<std::uint32_t>(file_.size()));
    append(out, std::uint16_t{0});  // comment
    return out;
  }

 private:
  /// What both headers have in common. The time is that of an unset clock: the same model, the same bytes.
  static std::string entry(const std::string& name, const std::string& bytes) {
    std::string out;
    append(out, std::uint16_t{20});  // version
    append(out, std::uint16_t{0});   // flags
    append(out, std::uint16_t{0});   // stored
    append(out, std::uint16_t{0});   // time
    append(out, std::uint16_t{33});  // 1 January 1980
    append(out, crc32(bytes));
    append(out, static_cast<std::uint32_t>(bytes.size()));
    append(out, static_cast<std::uint32_t>(bytes.size()));
    append(out, static_cast<std::uint16_t>(name.size()));
    append(out, std::uint16_t{0});  // extra
    return out;
  }
  std::string file_, directory_;
  std::uint16_t entries_ = 0;
};

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.append(63 - (10 + header.size()) % 64, ' ').append("\n");
  std::string out("\x93NUMPY\x01\x00", 8);
  append(out, static_cast<std::uint16_t>(header.size()));
  return out + header + data;
}

std::string npy(const std::vector<double>& values, const std::string& shape) {
  std::string data;
  for (const double v : values) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &v, sizeof bits);
    append(data, bits);
  }
  return npy("<f8", shape, data);
}

/// Code points of UTF-8. A byte that is none becomes U+DC00 + byte, as Python's surrogateescape has it.
std::u32string code_points(const std::string& text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(i);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
    bool good = i + length <= text.size() && (first < 0x80 || (first >= 0xC2 && first < 0xF5));
    for (std::size_t k = 1; good && k < length; ++k) {
      good = (byte(i + k) & 0xC0) == 0x80;
      code = code << 6 | (byte(i + k) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    good = good && code >= least[length] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    out += good ? static_cast<char32_t>(code) : static_cast<char32_t>(0xDC00 + first);
    i += good ? length : 1;
  }
  return out;
}

std::string npy(const std::vector<std::string>& texts) {
  std::vector<std::u32string> all;
  std::size_t longest = 1;
  for (const std::string& t : texts) {
    all.push_back(code_points(t));
    longest = std::max(longest, all.back().size());
  }
  std::string data;
  for (std::u32string& t : all) {
    t.resize(longest, U'\0');
    for (const char32_t c : t) append(data, static_cast<std::uint32_t>(c));
  }
  return npy("<U" + std::to_string(longest), std::to_string(texts.size()) + ",", data);
}

}  // namespace

std::string npz_bytes(const Model& model) {
  const std::string classes = std::to_string(model.classes.size());
  const std::string dim = std::to_string(model.coef.size() / model.classes.size());
  Zip zip;
  zip.add("coef.npy", npy(model.coef, classes + ", " + dim));
  zip.add("intercept.npy", npy(model.intercept, classes + ","));
  zip.add("classes.npy", npy(model.classes));
  if (!model.sigmoid_a.empty()) {
    zip.add("sigmoid_a.npy", npy(model.sigmoid_a, classes + ","));
    zip.add("sigmoid_b.npy", npy(model.sigmoid_b, classes + ","));
  }
  return zip.finish();
}

}  // namespace pool3
