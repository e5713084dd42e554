#include "setup/network_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr int most_threads = 1024;  // of a rank; each has buffers of its own

std::optional<Device> parse_device(const std::string& word) {
  if (word == "auto") return std::nullopt;
  if (word == "cpu") return Device::cpu;
  if (word == "cuda") return Device::cuda;
  throw usage_error("--device must be auto, cpu or cuda");
}

std::optional<Precision> parse_precision(const std::string& word) {
  if (word == "auto") return std::nullopt;
  const auto* const found = std::ranges::find(precision_names, word);
  if (found == precision_names.end()) throw usage_error("--precision must be auto, fp32, bf16, fp16 or int8");
  return static_cast<Precision>(found - precision_names.begin());
}

std::optional<InputProfile> parse_profile(const std::string& word) try {
  if (word.empty()) return std::nullopt;
  return parse_input_profile(word);
} catch (const std::invalid_argument&) {
  throw usage_error("--profile must be nsfwjs, tf2015, keras or torchvision");
}

}  // namespace

void declare_device(OptionParser& parser, std::string& device) {
  parser.add("device", device, "auto, cpu or cuda; auto takes GPUs where every rank has one", std::string("auto"));
}

ExtractorOptions extractor_options(const NetworkFlags& network, const DecodingFlags& decoding) {
  const ExtractorOptions options{.device = parse_device(network.device),
                                 .precision = parse_precision(network.precision),
                                 .profile = parse_profile(decoding.profile),
                                 .fast_decode = decoding.fast_decode,
                                 .apply_orientation = !decoding.ignore_orientation,
                                 .max_pixels = decoding.max_pixels,
                                 .batch = network.batch,
                                 .threads = network.threads};
  if (options.precision == Precision::fp16 && options.device == Device::cpu)
    throw usage_error("--precision fp16 needs a GPU", "take bf16 or fp32");
  if (options.precision == Precision::int8 && options.device == Device::cuda)
    throw usage_error("--precision int8 is for CPUs", "take fp16 or bf16");
  if (options.batch < 1 || options.batch > 1024) throw usage_error("--batch must be between 1 and 1024");
  if (options.threads < 0 || options.threads > most_threads)
    throw usage_error(fmt::format("--threads must be between 0 and {}", most_threads));
  if (options.max_pixels < 1) throw usage_error("--max-pixels must be above 0");
  return options;
}

}  // namespace pool3::jobs
