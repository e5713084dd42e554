// Any bytes as an HDF5 file: every group and dataset of it, and as Keras's Inception-v3.

#include "weights/makers/keras.hpp"

#include "weights/containers/hdf5_file.hpp"
#include "weights/errors.hpp"

namespace {

void visit(const pool3::weights::Hdf5File& file, pool3::weights::Hdf5File::Address at, int depth) {
  const auto links = file.links(at);
  for (const auto& [name, address] : links) {
    if (depth < 8) visit(file, address, depth + 1);
  }
  if (links.empty()) static_cast<void>(file.dataset(at));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const pool3::weights::Hdf5File file(bytes);
    visit(file, file.root(), 0);
  } catch (const pool3::weights::FormatError&) {
    return 0;
  }
  try {
    static_cast<void>(pool3::weights::read_keras_h5(bytes));
  } catch (const pool3::weights::FormatError&) {
    return 0;
  }
  return 0;
}
