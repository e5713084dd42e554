// Any bytes as a file of torch.save, and as a pickle alone.

#include "weights/containers/pickle.hpp"

#include <array>

#include "weights/makers/torch/state_dict.hpp"
#include "weights/makers/torch/torch_file.hpp"

namespace {

/// The tensor "t" of a state_dict whose storages all are the same 64 bytes.
void read_pickle(std::string_view text) {
  static constexpr std::array<char, 64> storage = {};
  pool3::weights::ByteReader bytes(text);
  const pool3::weights::Pickle pickle(bytes);
  const pool3::weights::StateDict dict(pickle);
  static_cast<void>(
      dict.read("t", {2, 3}, [](const std::string&) { return std::string_view(storage.data(), storage.size()); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (!pool3::weights::looks_like_torch_file(text)) read_pickle(text);
    if (pool3::weights::looks_like_torch_file(text)) static_cast<void>(pool3::weights::read_torch_file(text));
  } catch (const pool3::weights::FormatError&) {
    return 0;
  }
  return 0;
}
