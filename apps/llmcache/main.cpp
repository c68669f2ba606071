#include <cstdio>
int main() { std::puts("llmcache"); }
