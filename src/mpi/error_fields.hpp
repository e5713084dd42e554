#pragma once
// ErrorFields as bytes, to send them from rank to rank.

#include <string>

#include "pool3/error.hpp"

namespace pool3::mpi {

/// The fields, each ended by NUL, after one byte for the exit code.
inline std::string pack(const ErrorFields& f) {
  std::string bytes(1, static_cast<char>(f.code));
  for (const std::string* part : {&f.stage, &f.path, &f.cause, &f.advice})
    bytes.append(*part, 0, part->find('\0')).push_back('\0');
  return bytes;
}

/// Inverse of pack(). REQUIRES: `bytes` was made by it.
inline ErrorFields unpack(const std::string& bytes) {
  ErrorFields f;
  f.code = static_cast<ExitCode>(bytes.at(0));
  std::size_t at = 1;
  for (std::string* part : {&f.stage, &f.path, &f.cause, &f.advice}) {
    *part = bytes.c_str() + at;
    at += part->size() + 1;
  }
  return f;
}

}  // namespace pool3::mpi
