// A .npz file is a zip of .npy files, as numpy.savez writes it: stored entries, version 1.0 headers.

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exchange/formats.hpp"
#include "pool3/error.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::exchange {
namespace {

/// A zip in memory. No times and no owners: the same entries, the same bytes.
class Zip {
 public:
  Zip() {
    check(archive_write_set_format_zip(archive_.get()));
    check(archive_write_set_options(archive_.get(), "zip:compression=store"));
    check(archive_write_set_bytes_per_block(archive_.get(), 0));
    check(archive_write_open(archive_.get(), &file_, nullptr, append, nullptr));
  }

  void add(const std::string& name, std::string_view bytes) {
    const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    check(archive_write_header(archive_.get(), entry.get()));
    if (archive_write_data(archive_.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
      check(ARCHIVE_FATAL);
  }

  [[nodiscard]] std::string finish() {
    check(archive_write_close(archive_.get()));
    return std::move(file_);
  }

 private:
  static la_ssize_t append(archive* /*from*/, void* file, const void* bytes, std::size_t count) {
    static_cast<std::string*>(file)->append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
  }
  void check(int code) const {
    if (code == ARCHIVE_OK) return;
    throw Error({.stage = "export", .cause = fmt::format("zip: {}", archive_error_string(archive_.get()))});
  }
  std::string file_;
  std::unique_ptr<archive, decltype(&archive_write_free)> archive_{archive_write_new(), archive_write_free};
};

std::string npy(std::string_view type, std::string_view shape, std::span<const std::byte> data) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, shape);
  header.append(63 - (10 + header.size()) % 64, ' ').append("\n");
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xFFU);
  out += static_cast<char>(header.size() >> 8U);
  return out.append(header).append(reinterpret_cast<const char*>(data.data()), data.size());
}

std::string npy(const std::vector<double>& values, std::string_view shape) {
  return npy("<f8", shape, std::as_bytes(std::span(values)));
}

/// Code points of UTF-8. A byte that is none becomes U+DC00 + byte, as Python's surrogateescape has it.
std::u32string code_points(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    out += static_cast<char32_t>(c.valid ? c.code : 0xDC00 + c.code);
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string npy(const std::vector<std::string>& texts) {
  std::vector<std::u32string> all;
  std::size_t longest = 1;
  for (const std::string& text : texts) {
    all.push_back(code_points(text));
    longest = std::max(longest, all.back().size());
  }
  std::u32string cells;
  for (const std::u32string& text : all) cells.append(text).append(longest - text.size(), U'\0');
  return npy(fmt::format("<U{}", longest), fmt::format("{},", texts.size()), std::as_bytes(std::span(cells)));
}

void add_support(Zip& zip, const Model& model) {
  const SupportVectors& s = model.support;
  const std::size_t count = s.labels.size();
  zip.add("support_vectors.npy",
          npy("<f4", fmt::format("{}, {}", count, model.width()), std::as_bytes(std::span(s.x))));
  zip.add("support_labels.npy", npy("<i4", fmt::format("{},", count), std::as_bytes(std::span(s.labels))));
  zip.add("dual_coef.npy", npy(s.dual_coef, fmt::format("{}, {}", s.dual_coef.size() / count, count)));
  zip.add("gamma.npy", npy({s.gamma}, ""));
  zip.add("multiclass.npy", npy({model.multiclass == Multiclass::one_vs_one ? "one-vs-one" : "one-vs-rest"}));
}

}  // namespace

std::string npz_bytes(const ExportSource& source) {
  const Model& model = source.model;
  const std::string columns = fmt::format("{},", model.columns());
  Zip zip;
  if (model.kernel == Kernel::linear) {
    zip.add("coef.npy", npy(model.coef, fmt::format("{}, {}", model.classes.size(), model.width())));
  } else {
    add_support(zip, model);
  }
  zip.add("intercept.npy", npy(model.intercept, columns));
  zip.add("classes.npy", npy(model.classes));
  if (!model.sigmoid_a.empty()) {
    zip.add("sigmoid_a.npy", npy(model.sigmoid_a, columns));
    zip.add("sigmoid_b.npy", npy(model.sigmoid_b, columns));
  }
  if (model.temperature > 0) zip.add("temperature.npy", npy({model.temperature}, ""));
  return zip.finish();
}

}  // namespace pool3::exchange
