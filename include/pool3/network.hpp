#pragma once
// Inception-v3 up to pool_3: weights files, and the network that runs them. No MPI.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/image.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// float32 tensor, row-major.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// What differs between the networks that are all called Inception-v3.
struct NetworkTraits {
  bool average_pool_counts_padding = false;  ///< torchvision: true; TensorFlow and Keras: false
  bool max_pool_in_7c = false;               ///< pool branch of Mixed_7c: max (tf2015) or average
  InputProfile profile = InputProfile::nsfwjs;
};

/// The 8-bit codes that stand for the output of a convolution after ReLU: a value is its code times the step.
struct ChannelCodes {
  std::vector<float> steps;  ///< [channels], each above 0
  std::vector<float> means;  ///< [channels] of the values, over the pictures of the calibration
};

/// All 94 convolutions with their batch norm folded in: "NAME.weight" [out, in, kh, kw] and
/// "NAME.bias" [out], NAME as in torchvision's inception_v3, e.g. "Mixed_5b.branch5x5_1".
struct Weights {
  NetworkTraits traits;
  std::string source;  ///< where they came from, for people: "nsfwjs 4.3.0"
  std::string sha256;  ///< 64 hex digits: of the file that was read, or of a folder's weight bytes, unpacked and
                       ///< joined in the manifest's order
  std::map<std::string, Tensor> tensors;
  /// Of calibrated weights: the codes of each convolution that has_codes(). int8 needs them, other precisions leave
  /// them alone. Else empty.
  std::map<std::string, ChannelCodes> codes = {};
  /// The bytes of a TorchScript archive, which is a network of its own; there are no tensors then, and of the traits
  /// only the profile counts, which the caller must know.
  std::string torchscript = {};
};

/// One of the 94 convolutions (each followed by ReLU).
struct ConvolutionShape {
  std::string name;  ///< torchvision's name
  int in_channels, out_channels, kernel_height, kernel_width, stride, pad_height, pad_width;
};
/// The convolutions in the order in which torchvision's module defines them, which is also Keras's numbering.
[[nodiscard]] const std::vector<ConvolutionShape>& convolution_shapes();

/// Whether a convolution's output is in codes where weights are calibrated. It stays bfloat16 where codes gain no time
/// (the first two layers) and where they would go into the features at once (the last block's outputs).
[[nodiscard]] bool has_codes(std::string_view convolution);

/// Reads a weights file or folder, recognised by content: pool3's own safetensors; torchvision's or timm's
/// safetensors; torchvision's state_dict of torch.save; Keras's HDF5; TensorFlow's frozen GraphDef of 2015; or the
/// folder of a TFJS layers model (nsfwjs UMD shards, or model.json with bins). A TorchScript archive is taken as it is.
/// Nothing in a file is run here. Throws Error (stage "read weights") for a missing, truncated, hostile or wrong file.
/// Not collective.
[[nodiscard]] Weights read_weights(const std::string& path);

/// Writes pool3's own format: safetensors with traits and source in its metadata, codes as "NAME.step" and "NAME.mean";
/// the same weights give the same bytes. Writes to a temporary name, then renames. Throws Error.
void write_weights(const Weights& weights, const std::string& path);

/// SHA-256 of a file, 64 hex digits. Throws Error.
[[nodiscard]] std::string sha256_of_file(const std::string& path);

/// Gives weights their codes: runs pictures, [count, 299, 299, 3] floats as made by to_input(), and looks how large the
/// values of each layer get. The same pictures give the same codes. Throws Error on a CPU without AMX, for a
/// TorchScript network, and if a layer stays dark.
void calibrate(Weights& weights, std::span<const float> input, int count);

/// What one layer gave for one picture.
struct StageOutput {
  std::string name;  ///< torchvision's name of the convolution or block; "pool_3" for the features
  int channels = 0, height = 0, width = 0;
  std::vector<float> values;  ///< [channels, height, width]
};

enum class Device : std::uint8_t { cpu, cuda };
[[nodiscard]] constexpr std::string_view to_string(Device d) { return d == Device::cpu ? "cpu" : "cuda"; }

/// Sets of CPU instructions that the network has kernels for; each includes those before it. `any`: LibTorch runs it.
enum class Instructions : std::uint8_t { any, avx2, avx512, avx512_bf16, amx };
[[nodiscard]] std::string_view to_string(Instructions instructions);

/// The best that this CPU has, and this system allows.
[[nodiscard]] Instructions cpu_instructions();

/// What is fastest with them: bf16 with AMX, else fp32.
[[nodiscard]] constexpr Precision fastest_precision(Instructions instructions) {
  return instructions == Instructions::amx ? Precision::bf16 : Precision::fp32;
}

struct NetworkOptions {
  Precision precision = Precision::fp32;  ///< fp16 on Device::cuda alone; int8 with AMX and calibrated weights alone
  int batch = 16;                         ///< most images of one call; multiples of 16 are fastest
  /// Better ones are not used. bf16 rows depend on them in their last bits, so all ranks should use the same; fp32 rows
  /// do not, from avx2 on. REQUIRES: this CPU has them.
  Instructions instructions = cpu_instructions();
  Device device = Device::cpu;
  int gpu = 0;  ///< which one, on Device::cuda
};

/// A loaded network. Immutable after construction; features() may be called from many threads at once,
/// and each call uses the calling thread alone (and the GPU, where it runs there).
class Network {
 public:
  virtual ~Network() = default;
  /// `input`: [count, 299, 299, 3] floats as made by to_input(); `out`: [count, 2048].
  /// REQUIRES: 1 <= count <= batch. A row's features depend on its own input alone.
  virtual void features(std::span<const float> input, int count, std::span<float> out) const = 0;
  /// What the network makes of one picture on its way: Conv2d_1a_3x3, Conv2d_2a_3x3, Mixed_5d (the end of the 35 x 35
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
  std::vector<float> weight;         ///< [K, 2048] row-major
  std::vector<float> bias;           ///< [K]
};
/// The bytes of a TorchScript archive that is network and classifier, in fp32: `forward` takes RGB pictures
/// [N, 3, 299, 299] of 0 to 255, resized as the weights' profile says, and gives scores [N, K]; `classes` has the
/// names. Loads LibTorch. Throws Error; also if the weights are a TorchScript archive themselves.
[[nodiscard]] std::string torchscript_classifier(const Weights& weights, const LinearLayer& layer);

/// The GPUs that LibTorch can use here, and if there is none, why.
struct CudaSupport {
  int devices = 0;
  std::string problem;
};
/// Loads LibTorch only if the system shows an NVIDIA device.
[[nodiscard]] CudaSupport cuda_support();

}  // namespace pool3
