/* Loops that compilers turn into vector instructions, for three generations of processors where the loader can choose
   at start. `-DCAUSALDISC_CLONES=` builds them once, for the processor that the other flags say. */

#ifndef CAUSALDISC_CLONES_H
#define CAUSALDISC_CLONES_H

#ifndef CAUSALDISC_CLONES
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#define CAUSALDISC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CAUSALDISC_CLONES
#endif
#endif

#endif
