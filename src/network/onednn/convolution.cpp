#include "network/onednn/convolution.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace pool3::onednn {
namespace {

using dnnl::memory;
using Kind = memory::data_type;
using Tag = memory::format_tag;

const ConvolutionShape& shape_of(const std::string& name) {
  static const auto by_name = [] {
    std::unordered_map<std::string, const ConvolutionShape*> map;
    for (const auto& shape : convolution_shapes()) map[shape.name] = &shape;
    return map;
  }();
  return *by_name.at(name);
}

/// What oneDNN calls the operation: version 2 and 3 differ.
dnnl::convolution_forward::primitive_desc describe(const memory::desc& source, const memory::desc& weights,
                                                   const memory::desc& bias, const memory::desc& target,
                                                   const ConvolutionShape& shape, const dnnl::primitive_attr& attr) {
  const memory::dims strides = {shape.stride, shape.stride};
  const memory::dims pads = {shape.pad_height, shape.pad_width};
#if DNNL_VERSION_MAJOR >= 3
  return {cpu_engine(),
          dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          source,
          weights,
          bias,
          target,
          strides,
          pads,
          pads,
          attr};
#else
  return {{dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source, weights, bias, target,
           strides, pads, pads},
          attr,
          cpu_engine()};
#endif
}

dnnl::primitive_attr attributes(bool relu) {
  dnnl::primitive_attr attr;
  dnnl::post_ops ops;
#if DNNL_VERSION_MAJOR >= 3
  if (relu) ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#else
  if (relu) ops.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#endif
  attr.set_post_ops(ops);
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

/// Weights and bias of all names, one after another along the output channels.
struct Joined {
  std::vector<float> weights, bias;
};
Joined join(const Weights& weights, const std::vector<std::string>& names, const std::vector<std::string>& no_bias) {
  Joined joined;
  for (const auto& name : names) {
    const auto& w = weights.tensors.at(name + ".weight").values;
    std::vector<float> b = weights.tensors.at(name + ".bias").values;
    if (std::find(no_bias.begin(), no_bias.end(), name) != no_bias.end()) std::fill(b.begin(), b.end(), 0.0F);
    joined.weights.insert(joined.weights.end(), w.begin(), w.end());
    joined.bias.insert(joined.bias.end(), b.begin(), b.end());
  }
  return joined;
}

}  // namespace

const dnnl::engine& cpu_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

Convolution::Convolution(const Weights& weights, const ConvolutionSpec& spec, const std::vector<std::string>& no_bias,
                         int batch) {
  const ConvolutionShape& shape = shape_of(spec.names.front());
  for (const auto& name : spec.names) out_channels_ += shape_of(name).out_channels;
  out_height_ = (spec.height + 2 * shape.pad_height - shape.kernel_height) / shape.stride + 1;
  out_width_ = (spec.width + 2 * shape.pad_width - shape.kernel_width) / shape.stride + 1;
  const memory::dims kernel = {out_channels_, shape.in_channels, shape.kernel_height, shape.kernel_width};
  const memory::desc source({batch, shape.in_channels, spec.height, spec.width}, Kind::bf16, Tag::nhwc);
  const memory::desc target({batch, out_channels_, out_height_, out_width_}, Kind::bf16, Tag::nhwc);
  const memory::desc bias({out_channels_}, Kind::f32, Tag::x);
  description_ = describe(source, {kernel, Kind::bf16, Tag::any}, bias, target, shape, attributes(spec.relu));
  if (implementation().find("ref") != std::string::npos)
    throw dnnl::error(dnnl_unimplemented, "oneDNN has only its reference code for bf16 on this CPU");
  primitive_ = dnnl::convolution_forward(description_);

  Joined joined = join(weights, spec.names, no_bias);
  memory plain({kernel, Kind::f32, Tag::oihw}, cpu_engine(), joined.weights.data());
  memory plain_bias(bias, cpu_engine(), joined.bias.data());
  weights_ = memory(description_.weights_desc(), cpu_engine());
  bias_ = memory(description_.bias_desc(), cpu_engine());
  dnnl::stream stream(cpu_engine());
  dnnl::reorder(plain, weights_).execute(stream, plain, weights_);
  dnnl::reorder(plain_bias, bias_).execute(stream, plain_bias, bias_);
  stream.wait();
}

std::size_t Convolution::scratch_bytes() const { return description_.scratchpad_desc().get_size(); }

std::string Convolution::implementation() const { return description_.impl_info_str(); }

void Convolution::execute(const Bf16* source, Bf16* target, void* scratch) const {
  // oneDNN's memory takes no const pointers; it only reads the source.
  const memory from(description_.src_desc(), cpu_engine(), const_cast<Bf16*>(source));
  const memory to(description_.dst_desc(), cpu_engine(), target);
  const memory work(description_.scratchpad_desc(), cpu_engine(), scratch);
  dnnl::stream stream(cpu_engine());
  primitive_.execute(stream, {{DNNL_ARG_SRC, from},
                              {DNNL_ARG_WEIGHTS, weights_},
                              {DNNL_ARG_BIAS, bias_},
                              {DNNL_ARG_DST, to},
                              {DNNL_ARG_SCRATCHPAD, work}});
  stream.wait();
}

}  // namespace pool3::onednn
