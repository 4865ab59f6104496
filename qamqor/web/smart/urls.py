"""Addresses of SMART App Launch; the toolkit's views, those we use and no others."""

from __future__ import annotations

from django.urls import include, path
from oauth2_provider import views as toolkit

from qamqor.web.smart import views

oauth = [
    path("authorize", views.authorize, name="authorize"),
    path("token", toolkit.TokenView.as_view(), name="token"),
    path("introspect", views.Introspect.as_view(), name="introspect"),
    path("revoke", toolkit.RevokeTokenView.as_view(), name="revoke-token"),
    path(
        ".well-known/openid-configuration",
        toolkit.ConnectDiscoveryInfoView.as_view(),
        name="oidc-connect-discovery-info",
    ),
    path(".well-known/jwks.json", toolkit.JwksInfoView.as_view(), name="jwks-info"),
    path("userinfo", toolkit.UserInfoView.as_view(), name="user-info"),
]
urlpatterns = [
    path(".well-known/smart-configuration", views.well_known, name="smart_configuration"),
    path("oauth/", include((oauth, "oauth2_provider"))),
    path("applications/", views.applications, name="applications"),
    path("applications/<str:client_id>/start", views.start, name="start_application"),
]
