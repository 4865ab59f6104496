"""Addresses of signing in and of one's own account; allauth's views, those we use and no others."""

from __future__ import annotations

from allauth.account import views as allauth
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path

from qamqor.web.accounts import views

urlpatterns = [
    path("", views.home, name="account_home"),
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("help/", views.cannot_sign_in, name="account_help"),
    path("demo/", views.enter_demo, name="account_demo"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/", allauth.password_change, name="account_change_password"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("2/", second_step.index, name="mfa_index"),
    path("2/check/", second_step.authenticate, name="mfa_authenticate"),
    path("2/again/", second_step.reauthenticate, name="mfa_reauthenticate"),
    path("2/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("2/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("2/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("2/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("2/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("2/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("2/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("2/passkeys/again/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("2/passkeys/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    # Names allauth asks for; there is no sign-up and no mail.
    path("signup/", views.cannot_sign_in, name="account_signup"),
    path("reset/", views.cannot_sign_in, name="account_reset_password"),
    path("inactive/", views.cannot_sign_in, name="account_inactive"),
]
