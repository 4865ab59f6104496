"""What people come to do, walked in a real browser: keys, clicks and screens are counted."""
