"""A loopback server that speaks the wire protocols of OpenAI, Anthropic and Gemini, and answers from the mail itself.

It checks keys and bodies as the real services do, answers the same question the same way every time, and counts what
it was asked. Every answer carries the header `x-mailroom-simulated: 1`.
"""
