#pragma once
// What the ranks of a job agree on before any of them opens the network.

#include <optional>
#include <string_view>

#include "pool3/extraction.hpp"

namespace pool3::extraction {

/// Where the network runs on this rank.
struct DeviceChoice {
  Device device = Device::cpu;
  Instructions instructions = Instructions::any;  ///< what every rank's CPU has
  bool int8 = false;                              ///< every rank's CPU has kernels for it
  int gpu = 0;
};
/// Nothing wanted: the GPUs if every rank has one. Throws Error if CUDA is wanted and can't be had. Collective.
[[nodiscard]] DeviceChoice agree_device(const Communicator& comm, std::optional<Device> wanted);

/// Why the network can't run in this precision there, or "".
[[nodiscard]] std::string_view hindrance(Precision precision, const DeviceChoice& where);

/// What is fast there, without loss: on CPUs bf16 where `bf16_is_faster` on every rank. fp32 for TorchScript networks,
/// which may not work with anything else.
[[nodiscard]] Precision choose_precision(const DeviceChoice& where, bool is_torchscript, bool bf16_is_faster);

/// What a rank with CPU instructions `own` may use where `common` is what all have: `own` for rows that are the same
/// with all kernels.
[[nodiscard]] Instructions usable_instructions(Precision precision, Instructions common, Instructions own);

}  // namespace pool3::extraction
