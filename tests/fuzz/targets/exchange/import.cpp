// Any bytes as a table of another program: .npy, .npz, CSV and LIBSVM's text. HDF5 is read by its own library, which is
// not made for that, and left out.

#include "pool3/exchange/import.hpp"

#include <cstdlib>
#include <string>

#include "pool3/error.hpp"
#include "support/temporary_folder.hpp"

namespace {

constexpr std::size_t most_numbers = 1U << 16;

void read_all(const std::string& path) {
  const auto table = pool3::open_table({path, ""}, "");
  if (table->rows() < 0 || table->width() < 0) std::abort();
  if (!table->labels().empty() && std::ssize(table->labels()) != table->rows()) std::abort();
  if (table->width() == 0 || table->width() > static_cast<std::int64_t>(most_numbers)) return;
  std::vector<float> row(static_cast<std::size_t>(table->width()));
  for (std::int64_t i = 0; i < std::min<std::int64_t>(table->rows(), 64); ++i) table->read(row);
}

template <typename Action>
void refused_or_done(const Action& action) {
  try {
    action();
  } catch (const pool3::Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.find("\x89HDF") != std::string::npos) return 0;
  static const pool3::test::TemporaryFolder folder;
  const std::string path = folder.write("table", bytes);
  refused_or_done([&] { read_all(path); });
  refused_or_done([&] { static_cast<void>(pool3::read_column({path, ""})); });
  return 0;
}
