// Any bytes as a safetensors file: read, or refused with a FormatError.

#include "weights/containers/safetensors.hpp"

#include "weights/layer_rules.hpp"
#include "weights/makers/torch/torchvision.hpp"
#include "weights/refusals.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    pool3::weights::Safetensors file = pool3::weights::parse_safetensors({reinterpret_cast<const char*>(data), size});
    static_cast<void>(
        pool3::weights::read_layers(pool3::weights::read_from(file.tensors), pool3::weights::torchvision_rules()));
  } catch (const pool3::weights::FormatError&) {
    return 0;
  }
  return 0;
}
