#pragma once
// Inception-v3 up to pool_3: the network that runs the weights. No MPI.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/types.hpp"
#include "pool3/weights.hpp"

namespace pool3 {

/// Gives weights their codes: runs pictures, [count, 299, 299, 3] floats as made by to_input(), and notes how large the
/// values of each layer get. The same pictures give the same codes, on every CPU. Throws Error on a CPU without AVX2,
/// for a TorchScript network, and if a layer gives nothing but zeros.
void calibrate(Weights& weights, std::span<const float> input, int count);

/// One layer's output for one picture.
struct StageOutput {
  std::string name;  ///< torchvision's name of the convolution or block; "pool_3" for the features
  int channels = 0, height = 0, width = 0;
  std::vector<float> values;  ///< [channels, height, width]
};

enum class Device : std::uint8_t { cpu, cuda };
[[nodiscard]] constexpr std::string_view to_string(Device d) { return d == Device::cpu ? "cpu" : "cuda"; }

/// Sets of CPU instructions that the network has kernels for. Each includes those before it, but for `avx2_vnni` (AVX2
/// with AVX-VNNI), which no other includes. `any`: LibTorch runs it.
enum class Instructions : std::uint8_t { any, avx2, avx2_vnni, avx512, avx512_vnni, avx512_bf16, amx };
/// Their names in POOL3_MAX_INSTRUCTIONS.
inline constexpr std::array<std::string_view, 7> instruction_names = {
    "any", "avx2", "avx2_vnni", "avx512", "avx512_vnni", "avx512_bf16", "amx"};
/// For people: "AVX-512 VNNI".
[[nodiscard]] std::string_view to_string(Instructions instructions);
/// Whether a CPU with the set `have` has all of `needs`.
[[nodiscard]] constexpr bool includes(Instructions have, Instructions needs) {
  return needs <= have && (needs != Instructions::avx2_vnni || have == needs);
}

/// Whether this CPU has them, and the system and the environment variable POOL3_MAX_INSTRUCTIONS allow them. That names
/// the best set to use; none or an empty one allows all. Throws Error (usage) if it names none.
[[nodiscard]] bool cpu_has(Instructions instructions);
/// The best that cpu_has(). Throws Error as it does.
[[nodiscard]] Instructions cpu_instructions();

/// What is fastest on a CPU without loss of accuracy, and why, in words.
struct PrecisionChoice {
  Precision precision = Precision::fp32;
  std::string why;
};
/// On this CPU with these instructions: bf16 where it was measured to be faster, else fp32. CPUs that nobody has
/// measured are timed for some hundredths of a second; the outcome, faster or not, is kept by CPU model in the user's
/// cache folder, if that can be written. REQUIRES: cpu_has(instructions).
[[nodiscard]] PrecisionChoice fastest_precision(Instructions instructions);

/// Whether pool3 has kernels of its own for it. Rows of fp32 and int8 are the same with all of them.
[[nodiscard]] bool has_kernels(Precision precision, Instructions instructions);

struct NetworkOptions {
  Precision precision = Precision::fp32;  ///< fp16 on Device::cuda alone; int8 with calibrated weights alone
  int batch = 16;                         ///< most images of one call; multiples of 16 are fastest
  /// Better ones are not used. bf16 rows depend on them in their last bits, so all ranks should use the same; fp32 and
  /// int8 rows do not, from avx2 on. REQUIRES: cpu_has() them.
  Instructions instructions = cpu_instructions();
  Device device = Device::cpu;
  int gpu = 0;  ///< which one, on Device::cuda
};

/// Features that Inception-v3 gives a picture: the channels of pool_3.
inline constexpr std::int64_t inception_width = 2048;

/// A loaded network. Immutable after construction; features() may be called from many threads at once,
/// and each call uses the calling thread alone (and the GPU, where it runs there).
class Network {
 public:
  virtual ~Network() = default;
  /// Features of one picture.
  [[nodiscard]] virtual std::int64_t width() const = 0;
  /// `input`: [count, 299, 299, 3] floats as made by to_input(); `out`: [count, width()].
  /// REQUIRES: 1 <= count <= batch. A row's features depend on its own input alone.
  virtual void features(std::span<const float> input, int count, std::span<float> out) const = 0;
  /// The outputs of some layers for one picture: Conv2d_1a_3x3, Conv2d_2a_3x3, Mixed_5d (the end of the 35 x 35
  /// stage), Mixed_6e (the end of 17 x 17), pool_3, in this order. REQUIRES: input.size() == input_floats. Throws Error
  /// for a TorchScript network and on Device::cuda.
  [[nodiscard]] virtual std::vector<StageOutput> stages(std::span<const float> input) const = 0;
};

/// Builds the network. Loads LibTorch only where there are no kernels for the instructions and precision.
/// Throws Error if the weights lack a tensor or have a wrong shape. Runs the code of a TorchScript archive, if the
/// weights are one.
[[nodiscard]] std::unique_ptr<Network> open_network(const Weights& weights, const NetworkOptions& options);

/// A linear classifier on the features: scores = features weight^T + bias.
struct LinearLayer {
  std::vector<std::string> classes;  ///< [K]
  std::vector<float> weight;         ///< [K, d] row-major; d is the network's width()
  std::vector<float> bias;           ///< [K]
  /// Probabilities are softmax(temperature * scores); 0: from sigmoids 1 / (1 + exp(a f + b)), divided by their sum; or
  /// there are none.
  double temperature = 0;
  std::vector<float> sigmoid_a = {}, sigmoid_b = {};  ///< [K] or empty
};
/// The bytes of a TorchScript archive that is network and classifier, in fp32, for LibTorch and its lite interpreter:
/// `forward` takes RGB pictures [N, 3, 299, 299] of 0 to 255, resized as the weights' profile says, and gives scores
/// [N, K]; `resize` makes such of pictures [N, 3, height, width]; `probabilities` takes what forward does; `classify`
/// takes one picture [height, width, 3 or 4] and gives its probabilities [K], or scores if there are none; `classes`
/// has the names. `quantised`: weights are kept in 8 bits with a step for each output channel. Loads LibTorch. Throws
/// Error; also if the weights are a TorchScript archive themselves, or the layer is for another width.
[[nodiscard]] std::string torchscript_classifier(const Weights& weights, const LinearLayer& layer,
                                                 bool quantised = false);

/// The GPUs that LibTorch can use here, and if there is none, why.
struct CudaSupport {
  int devices = 0;
  std::string problem;
};
/// Loads LibTorch only if the system shows an NVIDIA device.
[[nodiscard]] CudaSupport cuda_support();

}  // namespace pool3
