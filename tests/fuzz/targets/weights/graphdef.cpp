// Any bytes as a GraphDef, and as a single constant of one.

#include "weights/makers/tensorflow/graphdef.hpp"

#include "weights/makers/tensorflow/graph_tensor.hpp"
#include "weights/refusals.hpp"

namespace {

template <typename Read>
void try_to(Read read) {
  try {
    read();
  } catch (const pool3::weights::FormatError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(pool3::weights::looks_like_graphdef(bytes));
  try_to([&] { static_cast<void>(pool3::weights::read_graphdef(bytes)); });
  try_to([&] { static_cast<void>(pool3::weights::read_tensor_proto(bytes, {2, 3}, "t")); });
  return 0;
}
