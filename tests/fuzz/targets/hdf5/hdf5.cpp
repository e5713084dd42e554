// Any bytes as an HDF5 file: every group, dataset and attribute of it.

#include "pool3/hdf5.hpp"

namespace {

void visit(const pool3::Hdf5File& file, pool3::Hdf5File::Address at, int depth) {
  const auto links = file.links(at);
  for (const auto& [name, address] : links) {
    if (depth < 8) visit(file, address, depth + 1);
  }
  static_cast<void>(file.attributes(at));
  if (!links.empty()) return;
  const pool3::Hdf5Dataset dataset = file.dataset(at);
  if (dataset.type.bytes == 0) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pool3::Hdf5Bytes bytes = pool3::hdf5_bytes({reinterpret_cast<const char*>(data), size});
  try {
    const pool3::Hdf5File file(bytes);
    visit(file, file.root(), 0);
  } catch (const pool3::Hdf5Error&) {
    return 0;
  }
  return 0;
}
