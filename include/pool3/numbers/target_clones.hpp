#pragma once
// One build runs on every CPU: the compiler makes a version of a hot function for each level, the loader picks.
// (Not under sanitizers, which can't run before the loader is done, and not for other compilers.)

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define POOL3_TARGET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define POOL3_TARGET_CLONES
#endif
